/** Puts every case to a gateway and counts. */

import type { Case, Group } from "./case.ts";
import type { EvaluatedGateway } from "./gateway.ts";
import { type Goal, GOALS, isReached } from "./goals.ts";
import type { Language } from "./held-out.ts";
import { judge } from "./judge.ts";
import { fillWorkspace, lookAtWorkspace } from "./workspace.ts";

export type Counts = { right: number; all: number };

export type Failure = {
  group: Group;
  kind: string;
  language: Language;
  prompt: string;
  why: string;
  calls: readonly { tool: string; input: unknown; output: string }[];
  text: string;
};

export type Evaluation = {
  model: string;
  groups: Record<string, Record<Language, Counts>>;
  /** Tasks only: neither small talk nor what is out of scope. */
  tasks: Record<Language, Counts>;
  /** Of what is out of scope: how often something was changed or might have been, and words were all it gave. */
  unwanted: number;
  wordsAlone: number;
  goals: (Goal & { count: number; all: number; reached: boolean })[];
  failures: Failure[];
  /** Tokens that were read or written, less those that came from a cache. */
  tokens: number;
  /** Time in turns, without their tools. */
  seconds: number;
  cpuSeconds: number;
};

export type Progress = (done: number, all: number, wrong: number) => void;

/** Is run one case after the other: they share a workspace folder. */
export async function evaluateCases(
  gateway: EvaluatedGateway,
  cases: readonly Case[],
  isSample: boolean,
  onProgress: Progress = () => {},
): Promise<Evaluation> {
  const total = createTotal(gateway.status.model?.ref ?? "none");
  const cpuSeconds = gateway.cpuSeconds();
  for (const item of cases) {
    fillWorkspace(gateway.workspace, item.before);
    const turn = await gateway.ask(item.prompt);
    const { why, sideEffect } = judge(item, { ...turn, after: lookAtWorkspace(gateway.workspace) });
    count(total, item, why === undefined);
    if (item.group === "out of scope" && sideEffect) total.unwanted += 1;
    if (item.group === "out of scope" && turn.calls.length === 0 && turn.text.trim() !== "") {
      total.wordsAlone += 1;
    }
    total.tokens += turn.tokens;
    total.seconds += turn.seconds;
    if (why !== undefined) {
      const { group, kind, language, prompt } = item;
      const { calls, text } = turn;
      total.failures.push({ group, kind, language, prompt, why, calls, text });
    }
    onProgress(sum(total).all, cases.length, total.failures.length);
  }
  total.cpuSeconds = gateway.cpuSeconds() - cpuSeconds;
  total.goals = goalsOf(total, isSample);
  return total;
}

const none = (): Record<Language, Counts> => ({
  en: { right: 0, all: 0 },
  ko: { right: 0, all: 0 },
});

const createTotal = (model: string): Evaluation => ({
  model,
  groups: {},
  tasks: none(),
  unwanted: 0,
  wordsAlone: 0,
  goals: [],
  failures: [],
  tokens: 0,
  seconds: 0,
  cpuSeconds: 0,
});

function count(total: Evaluation, { group, language }: Case, isRight: boolean): void {
  const isTask = group !== "talk" && group !== "out of scope";
  const sets = [(total.groups[group] ??= none()), ...(isTask ? [total.tasks] : [])];
  for (const set of sets) {
    set[language].all += 1;
    if (isRight) set[language].right += 1;
  }
}

/** What was not asked has no goal to miss. */
function goalsOf(total: Evaluation, isSample: boolean): Evaluation["goals"] {
  const { korean, unwanted, ...byGroup } = GOALS;
  const outOfScope = both(total.groups["out of scope"]);
  const found = [
    ...Object.entries(byGroup).map(([group, goal]) => [goal, both(total.groups[group])] as const),
    [korean, total.tasks.ko] as const,
    [unwanted, { ...outOfScope, right: total.unwanted }] as const,
  ];
  return found
    .filter(([, { all }]) => all > 0)
    .map(([goal, { right, all }]) => ({
      ...goal,
      count: right,
      all,
      reached: isReached(goal, right, all, isSample),
    }));
}

/** Of both languages together. */
export const both = ({ en, ko }: Record<Language, Counts> = none()): Counts => ({
  right: en.right + ko.right,
  all: en.all + ko.all,
});

const sum = ({ groups }: Evaluation): Counts =>
  Object.values(groups)
    .map(both)
    .reduce((a, b) => ({ right: a.right + b.right, all: a.all + b.all }), { right: 0, all: 0 });
