/** Which way of calling tools a model gets. Pure. */

import type { CheckId, CheckResult, Scorecard, ToolMode } from "../../protocol/scorecard.ts";
import { pointsOf } from "./judge.ts";
import { TASKS } from "./tasks.ts";

/** How the tasks went in one way of calling. */
export type Marks = ReadonlyMap<CheckId, CheckResult>;

export type Decision = { mode: ToolMode; why: string };

/**
 * The server's own calls where they do all that is needed: they are what the model was trained for, and
 * they cost no words of the prompt. The forced form where it does clearly better. No tools at all where
 * neither brings a call about: a model that cannot call recites the list instead.
 */
export function decideMode(native: Marks, constrained: Marks | undefined): Decision {
  const weak = weaknesses(native);
  if (isUntried(native)) {
    const why = "nothing could be tried: its window is too small for the instructions and tools";
    return { mode: "native", why };
  }
  if (canCall(native) && weak.length === 0) {
    return { mode: "native", why: "its own tool calls do all that is needed" };
  }
  const gain = constrained ? scoreOf(constrained) - scoreOf(native) : 0;
  if (constrained && canCall(constrained) && (gain >= LEAST_GAIN || !canCall(native))) {
    const still = weaknesses(constrained);
    const rest = still.length > 0 ? `, though not yet ${join(still)}` : "";
    return {
      mode: "constrained",
      why: `its own calls fail at ${join(weak)}; forced into a JSON form they do better${rest}`,
    };
  }
  if (canCall(native)) {
    const other = constrained ? ", and a forced JSON form does no better" : "";
    return { mode: "native", why: `its own calls work but for ${join(weak)}${other}` };
  }
  const tried = constrained ? "neither by itself nor forced into a JSON form" : "not once";
  return { mode: "chat", why: `it does not call tools, ${tried}; it is used for talk alone` };
}

/** Whether the forced form is worth a try: the own calls leave something to be wished for. */
export const isWorthForcing = (native: Marks): boolean =>
  !isUntried(native) && weaknesses(native).length > 0;

/** Its window does not even hold the question. */
export const isUntried = (native: Marks) => native.get("call") === "skipped";

/** Whether all that is needed of tools was seen to work, in the way that it is used. */
export const provesTools = ({ mode, checks }: Scorecard): boolean =>
  mode !== "chat" &&
  counted.every(({ id }) =>
    checks.some((check) => check.id === id && check.mode === mode && check.result === "passed"),
  );

/** Another form breaks with what a model was trained for: half a check more is no reason. */
const LEAST_GAIN = 1;

const canCall = (marks: Marks) => pointsOf(marks.get("call") ?? "failed") > 0;

const counted = TASKS.filter(({ weight }) => weight > 0);

const scoreOf = (marks: Marks): number =>
  counted.reduce((sum, { id, weight }) => sum + weight * pointsOf(marks.get(id) ?? "failed"), 0);

const weaknesses = (marks: Marks): string[] =>
  counted
    .filter(({ id }) => pointsOf(marks.get(id) ?? "failed") < 1)
    .map(({ id }) => NAMES[id] ?? id);

const NAMES: Partial<Record<CheckId, string>> = {
  call: "calling a tool",
  restraint: "leaving tools alone",
  steps: "going on from a result",
  arguments: "quotes and line ends in arguments",
};

const join = (parts: readonly string[]) =>
  parts.length > 1 ? `${parts.slice(0, -1).join(", ")} and ${parts.at(-1)}` : (parts[0] ?? "");
