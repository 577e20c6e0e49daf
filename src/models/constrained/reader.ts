/**
 * Reads a forced answer as it streams: the words of `{"answer": "…"}` are told as they come, a call once it
 * is whole. A server that forces nothing sends anything; what has not the form is text.
 */

import { isRecord, memberSpan, rootSpan } from "../../base/json.ts";
import type { ToolCall } from "../../protocol/message.ts";

export interface FormReader {
  /** Returns what may be shown now. */
  push(text: string): string;
  /** What is still to be shown, or the call. */
  end(): { text: string; call?: ToolCall };
}

/** Some servers fence what they were to force. */
const OPENING = /^\s*(?:```(?:json)?\s*)?\{\s*"answer"\s*:\s*"/;
const MAY_OPEN = /^\s*(?:`{0,2}$|```|\{|$)/;
const CALL = /^\s*(?:```(?:json)?\s*)?\{\s*"tool"\s*:\s*"([^"\\]+)"\s*,\s*"input"\s*:\s*/;

export function createFormReader(newCallId: () => string): FormReader {
  let raw = "";
  /** How far it was told, in `raw`. */
  let at = 0;
  let state: "begun" | "answer" | "held" | "over" | "plain" = "begun";

  function take(): string {
    const { text, end, closed } = readString(raw, at);
    at = end;
    if (closed) state = "over";
    return text;
  }

  function begin(): string {
    const opening = OPENING.exec(raw);
    if (opening) {
      state = "answer";
      at = opening[0].length;
      return take();
    }
    if (!MAY_OPEN.test(raw)) {
      state = "plain";
      return raw;
    }
    // A longer text that does not open an answer is a call, or is looked at in the end.
    if (raw.length > LONGEST_OPENING) state = "held";
    return "";
  }

  return {
    push(text) {
      raw += text;
      if (state === "begun") return begin();
      if (state === "answer") return take();
      return state === "plain" ? text : "";
    },
    end() {
      if (state !== "begun" && state !== "held") return { text: "" };
      const call = readCall(raw);
      if (call) return { text: "", call: { id: newCallId(), ...call } };
      return { text: readAnswer(raw) ?? raw };
    },
  };
}

/** Fence, braces, key and any white space that a grammar lets through. */
const LONGEST_OPENING = 64;

/** The text of a JSON string from `from` on, as far as it is there and no escape is cut in the middle. */
function readString(json: string, from: number): { text: string; end: number; closed: boolean } {
  let end = from;
  while (end < json.length && json[end] !== '"') {
    const escape = escapeAt(json, end);
    if (escape === undefined) break;
    end += escape;
  }
  const text = unescape(json.slice(from, end));
  return { text, end, closed: json[end] === '"' };
}

/** How many characters make the next one: 1, or those of its escape. Undefined where some are missing. */
function escapeAt(json: string, at: number): number | undefined {
  if (json[at] !== "\\") return 1;
  const next = json[at + 1];
  if (next === undefined) return undefined;
  if (next !== "u") return 2;
  if (at + 6 > json.length) return undefined;
  // Half of a pair alone would be shown as a broken character.
  const isHalf = /^\\u[dD][89abAB]/.test(json.slice(at, at + 4));
  const follows = json.slice(at + 6, at + 8);
  if (!isHalf || (follows.length === 2 && follows !== "\\u") || /^[^\\]/.test(follows)) return 6;
  return at + 12 > json.length ? undefined : 12;
}

function unescape(inner: string): string {
  try {
    // Raw line ends are no JSON, and small servers send them.
    const strict = inner.replaceAll(/\p{Cc}/gu, (char) => JSON.stringify(char).slice(1, -1));
    return String(JSON.parse(`"${strict}"`));
  } catch {
    return inner; // an escape that does not exist: the words count
  }
}

type Called = { tool: string; argumentsJson: string };

/** The input as the model wrote it. One that the limit cut is told as it is: whoever checks it says so. */
function readCall(raw: string): Called | undefined {
  const json = withoutFence(raw);
  const value = parse(json);
  if (value === undefined) {
    const begun = CALL.exec(raw);
    const [opening = "", tool = ""] = begun ?? [];
    return begun ? { tool, argumentsJson: raw.slice(opening.length) } : undefined;
  }
  if (!isRecord(value) || typeof value["tool"] !== "string") return undefined;
  const input = memberSpan(json, rootSpan(json), "input");
  return {
    tool: value["tool"],
    argumentsJson: input ? json.slice(input.start, input.end) : "{}",
  };
}

function readAnswer(raw: string): string | undefined {
  const value = parse(withoutFence(raw));
  const answer = isRecord(value) ? value["answer"] : undefined;
  return typeof answer === "string" ? answer : undefined;
}

const withoutFence = (raw: string) =>
  /^\s*```(?:json)?\s*([^]*?)\s*```\s*$/.exec(raw)?.[1] ?? raw.trim();

function parse(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined; // cut, or no JSON at all
  }
}
