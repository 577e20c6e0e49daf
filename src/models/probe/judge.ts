/** What an answer is worth. Pure: looks at what was heard and says what a person would say of it. */

import { isRecord } from "../../base/json.ts";
import type { CheckResult } from "../../protocol/scorecard.ts";
import type { Heard } from "./ask.ts";

export type Verdict = { result: Exclude<CheckResult, "skipped">; detail: string };

const passed = (detail: string): Verdict => ({ result: "passed", detail });
const partly = (detail: string): Verdict => ({ result: "partly", detail });
const failed = (detail: string): Verdict => ({ result: "failed", detail });

export type WantedCall = {
  tool: string;
  /** Arguments by name; a pattern has to be found in the text of one. */
  input?: Readonly<Record<string, string | RegExp>>;
};

/** One call, of this tool, with these arguments. */
export function judgeCall(heard: Heard, { tool, input = {} }: WantedCall): Verdict {
  const [call] = heard.calls;
  if (!call) return failed(`instead of a call of "${tool}" came ${instead(heard)}`);
  if (call.tool !== tool) return failed(`it called "${call.tool}" where "${tool}" was meant`);
  const given = parse(call.argumentsJson);
  if (!isRecord(given)) return failed("the arguments were no JSON object");
  const wrong = Object.entries(input).find(([name, value]) => !fits(given[name], value));
  if (wrong) return failed(`"${wrong[0]}" was ${show(given[wrong[0]])}`);
  if (heard.salvaged) return partly("it wrote the call as text, which had to be read as one");
  if (heard.calls.length > 1)
    return partly(`it made ${heard.calls.length} calls where one was due`);
  return passed(`it called "${tool}" as it should`);
}

const fits = (value: unknown, wanted: string | RegExp): boolean =>
  typeof value === "string" &&
  (typeof wanted === "string"
    ? value.replace(/^(\.\/|\/workspace\/)/, "").trim() === wanted
    : wanted.test(value));

/** Words, and no call. */
export function judgeRestraint(heard: Heard): Verdict {
  const [call] = heard.calls;
  if (call) return failed(`it called "${call.tool}" though nothing was to be done`);
  if (heard.text.trim() !== "") return passed("it answered in words where no tool was needed");
  return failed(`instead of words came ${instead(heard)}`);
}

/** The exact text, with its quotes, line ends and letters of other scripts. */
export function judgeArguments(heard: Heard, wanted: { name: string; text: string }): Verdict {
  const [call] = heard.calls;
  if (!call) return failed(`instead of a call came ${instead(heard)}`);
  const given = parse(call.argumentsJson);
  if (!isRecord(given)) return failed("quotes or line ends broke the JSON of its arguments");
  const text = given[wanted.name];
  if (typeof text !== "string") return failed(`"${wanted.name}" was ${show(text)}`);
  if (text.trim() === wanted.text) {
    const detail = "quotes, line ends and Korean came through unchanged";
    return heard.salvaged ? partly(`${detail}, in a call that it wrote as text`) : passed(detail);
  }
  const plain = (value: string) => value.replaceAll(/[^\p{L}\p{N}]/gu, "");
  if (plain(text) === plain(wanted.text))
    return partly("the words came through, not all the signs");
  return failed(`the text became ${show(text)}`);
}

/** Three at once; one at a time costs a request each, and works as well. */
export function judgeParallel(heard: Heard, wanted: readonly WantedCall[]): Verdict {
  const { calls } = heard;
  if (calls.length === 0) return failed(`instead of calls came ${instead(heard)}`);
  const made = wanted.filter((one) =>
    calls.some((call) => judgeCall({ ...heard, calls: [call] }, one).result !== "failed"),
  );
  if (made.length === wanted.length) return passed(`it made ${made.length} calls in one message`);
  if (made.length === 0) return failed("none of its calls was one of those that were meant");
  return partly(`it made ${made.length} of ${wanted.length} calls, so tasks take more steps`);
}

/** Whether "none" keeps a call back, and "required" forces one. */
export function judgeChoice(none: Heard, required: Heard): Verdict {
  const heldBack = none.calls.length === 0 && !none.fault;
  const forced = required.calls.length > 0;
  if (heldBack && forced) return passed('the server obeys tool_choice "none" and "required"');
  const ignored = [...(heldBack ? [] : ['"none"']), ...(forced ? [] : ['"required"'])];
  const detail = `the server or the model ignores tool_choice ${ignored.join(" and ")}`;
  return heldBack || forced ? partly(detail) : failed(detail);
}

export type Field = { name: string; type: "string" | "number" | "boolean" };

/** JSON of the form that was asked for, and nothing around it. */
export function judgeSchema(heard: Heard, fields: readonly Field[]): Verdict {
  const value = parse(heard.text.trim());
  if (isRecord(value)) {
    const wrong = fields.find(({ name, type }) => typeof value[name] !== type);
    const extra = Object.keys(value).find((key) => fields.every(({ name }) => name !== key));
    if (!wrong && !extra) return passed("the answer was JSON of the form that was asked for");
    return failed(`it wrote JSON, but "${wrong?.name ?? extra}" was not as the schema has it`);
  }
  const inner = /\{[^]*\}/.exec(heard.text)?.[0];
  if (inner && isRecord(parse(inner))) return failed("the JSON stood among other words");
  return failed(`instead of JSON came ${instead(heard)}`);
}

/** Words in pieces, or all at once. */
export function judgeStream(heard: Heard): Verdict {
  if (heard.fault && heard.pieces === 0) return failed(instead(heard));
  if (heard.pieces > 2) return passed("words come as they are written");
  if (heard.text === "" && heard.reasoning !== "")
    return partly("it only thought, as long as it may");
  return heard.text === "" ? failed("no words came") : failed("words come all at once, at the end");
}

/** Several tries at one thing. */
export function judgeTries(tries: readonly Verdict[]): Verdict {
  const points = tries.reduce((sum, { result }) => sum + pointsOf(result), 0);
  const worst = tries.toSorted((a, b) => pointsOf(a.result) - pointsOf(b.result))[0];
  if (!worst) return failed("it was not tried");
  if (points === tries.length) return tries[0] ?? worst;
  const share = tries.length > 1 ? `${tries.filter(isPassed).length} of ${tries.length}: ` : "";
  return points === 0 ? failed(worst.detail) : partly(`${share}${worst.detail}`);
}

const isPassed = ({ result }: Verdict) => result === "passed";

export const pointsOf = (result: CheckResult): number =>
  result === "passed" ? 1 : result === "partly" ? 0.5 : 0;

/** What came in place of what was expected, in a few words. */
function instead({ fault, calls, text, reasoning, end }: Heard): string {
  if (fault) return `a failure: ${fault.message}`;
  if (calls[0]) return `a call of "${calls[0].tool}"`;
  if (text.trim() !== "") return `words: ${show(text)}`;
  if (reasoning !== "")
    return end?.reason === "length" ? "thinking without an end" : "thoughts only";
  return "nothing";
}

/** Enough to see what it was. */
const MAX_SHOWN = 60;

function show(value: unknown): string {
  if (value === undefined) return "missing";
  const text = typeof value === "string" ? value.trim().replaceAll(/\s+/g, " ") : toJson(value);
  return JSON.stringify(text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text);
}

const toJson = (value: unknown): string => JSON.stringify(value) ?? "nothing";

function parse(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined; // the judgement says so in its own words
  }
}
