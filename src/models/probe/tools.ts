/** Has a model do the tasks, in one way of calling tools. */

import type { Message, ToolSpec } from "../../protocol/message.ts";
import type { CheckId, CheckResult, ProbeCheck } from "../../protocol/scorecard.ts";
import type { Provider } from "../provider.ts";
import type { Heard } from "./ask.ts";
import { judgeChoice, judgeTries, type Verdict } from "./judge.ts";
import type { Session } from "./session.ts";
import { requestsOf, type Task, TASKS, type Try } from "./tasks.ts";

export type ToolPrompt = { system: string; tools: readonly ToolSpec[] };

export type Way = {
  mode: "native" | "constrained";
  provider: Provider;
  prompt: ToolPrompt;
};

export type Tried = {
  checks: ProbeCheck[];
  marks: Map<CheckId, CheckResult>;
  /** Answers in the order in which they came: the first reads the prompt, the others find it cached. */
  heard: Heard[];
};

const tasksFor = ({ mode }: Pick<Way, "mode">) =>
  TASKS.filter(({ nativeOnly }) => mode === "native" || !nativeOnly);

/** How many requests it takes at most. */
export const requestsFor = (mode: Way["mode"]): number =>
  tasksFor({ mode }).reduce((sum, task) => sum + requestsOf(task), 0);

/** Throws as `Session.ask` does. */
export async function tryTools(session: Session, way: Way, signal: AbortSignal): Promise<Tried> {
  const tried: Tried = { checks: [], marks: new Map(), heard: [] };
  for (const task of tasksFor(way)) {
    const title = task.title.charAt(0).toLowerCase() + task.title.slice(1);
    session.tell(`${way.mode === "native" ? "its own calls" : "forced calls"}: ${title}`);
    const verdict =
      before(session, task, tried) ?? (await tryTask(session, { task, way, tried }, signal));
    tried.marks.set(task.id, verdict.result);
    tried.checks.push({ id: task.id, mode: way.mode, title: task.title, ...verdict });
  }
  return tried;
}

/** A server that takes no tools once takes none at all: nobody need ask ten times. */
function before(session: Session, task: Task, { heard, marks }: Tried): Outcome | undefined {
  const refused = heard.some(({ fault }) => fault?.code === "MODEL_TOOLS_REFUSED");
  const skipped = [...marks.values()].includes("skipped");
  if (!refused && !skipped) return undefined;
  session.skip(requestsOf(task));
  if (skipped) return TOO_SMALL;
  return { result: "failed", detail: "the server refuses tools for this model" };
}

/** It says nothing of the model, and another window may be large enough. */
export const TOO_SMALL: Outcome = {
  result: "skipped",
  detail: "its window is too small for the instructions and tools",
};

const isTooLong = ({ fault }: Heard) => fault?.code === "MODEL_CONTEXT_EXCEEDED";

type Outcome = Pick<ProbeCheck, "result" | "detail">;

type Doing = { task: Task; way: Way; tried: Tried };

async function tryTask(session: Session, doing: Doing, signal: AbortSignal): Promise<Outcome> {
  const verdicts: Verdict[] = [];
  for (const one of doing.task.tries) verdicts.push(await tryOnce(session, one, doing, signal));
  const isFirst = doing.tried.marks.size === 0;
  if (isFirst && doing.tried.heard.every(isTooLong)) return TOO_SMALL;
  return judgeTries(verdicts);
}

async function tryOnce(
  session: Session,
  { says, steps }: Try,
  { way, tried }: Doing,
  signal: AbortSignal,
): Promise<Verdict> {
  const { provider, prompt } = way;
  const messages: Message[] = [{ role: "user", text: says }];
  const verdicts: Verdict[] = [];
  for (const [at, { judge, result }] of steps.entries()) {
    const heard = await session.ask({ provider, ...prompt, messages: [...messages] }, signal);
    tried.heard.push(heard);
    const verdict = judge(heard);
    const [call] = heard.calls;
    if (verdict.result === "failed") {
      session.skip(steps.length - at - 1);
      // A chain that breaks at its end has come some way.
      const isLate = at > 0 && at === steps.length - 1;
      return isLate ? { result: "partly", detail: `at the end ${verdict.detail}` } : verdict;
    }
    verdicts.push(verdict);
    if (result === undefined || !call) break;
    messages.push(
      { role: "assistant", text: heard.text, toolCalls: [call] },
      { role: "tool", callId: call.id, tool: call.tool, text: result, ok: true },
    );
  }
  const [first, ...more] = verdicts;
  if (first && more.length > 0 && verdicts.every(({ result }) => result === "passed")) {
    return { result: "passed", detail: `it went through all ${verdicts.length} steps` };
  }
  const weak = verdicts.find(({ result }) => result === "partly");
  return weak ?? first ?? { result: "failed", detail: "it was not tried" };
}

/** "none" where a call would be due, "required" where none would be. */
export async function tryChoice(session: Session, way: Way, signal: AbortSignal): Promise<Verdict> {
  const { provider, prompt } = way;
  session.tell("whether calls can be forbidden and forced");
  const asked = (text: string, toolChoice: "none" | "required") =>
    session.ask({ provider, ...prompt, messages: [{ role: "user", text }], toolChoice }, signal);
  const none = await asked("read notes.txt", "none");
  return judgeChoice(none, await asked("hello", "required"));
}
