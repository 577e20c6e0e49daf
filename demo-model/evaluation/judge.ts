/** Whether a case came out right: first the state of the workspace, then the answer. Pure. */

import { type Seen, whyWrong } from "./answer.ts";
import type { Case, Files } from "./case.ts";

/** A turn with the workspace as it was left. */
export type Outcome = Seen & {
  after: Files;
  /** The code of the fault that ended the turn, where one did. */
  failed?: string;
};

export type Verdict = {
  /** What is wrong; undefined where it came out right. */
  why: string | undefined;
  /** Something changed, or a call that may change something was made. */
  sideEffect: boolean;
};

/** Tools that leave something behind. */
const EFFECTS: ReadonlySet<string> = new Set(["write", "edit", "run", "remember"]);

export function judge(item: Case, outcome: Outcome): Verdict {
  const call = outcome.calls.find(({ tool }) => EFFECTS.has(tool));
  const changed = difference(item.before, outcome.after);
  const sideEffect = call !== undefined || changed !== undefined;
  const effect = changed ?? (call && `it called ${call.tool} with ${JSON.stringify(call.input)}`);
  if (item.answer.type === "no side effect") return { why: effect, sideEffect };
  const why =
    (outcome.failed && `the turn failed with ${outcome.failed}`) ??
    difference(item.after, outcome.after) ??
    whyWrong(item, outcome);
  return { why, sideEffect };
}

/** Every file's bytes are compared, but for a line break at the very end. */
function difference(wanted: Files, is: Files): string | undefined {
  const [left, right] = [withoutLastBreak(wanted), withoutLastBreak(is)];
  for (const [path, text] of left) {
    const found = right.get(path);
    if (found === undefined) return `${path} is missing`;
    if (found !== text) return `${path} holds ${JSON.stringify(found)}`;
  }
  const other = [...right.keys()].find((path) => !left.has(path));
  return other && `${other} was made`;
}

const withoutLastBreak = (files: Files) =>
  new Map(Object.entries(files).map(([path, text]) => [path, text.replace(/\n$/, "")]));
