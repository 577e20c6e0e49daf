/**
 * The ways in which models spell a tool call as text when a server's template or parser fails them.
 * Pure: finds what has the shape of a call, and trusts nothing of it.
 */

import { isRecord, isTooDeep, itemSpans, memberSpan, rootSpan, type Span } from "../base/json.ts";

/** What a text claims to call. Not yet offered, valid or meant. */
export type Claim = {
  tool: string;
  /** JSON as the model wrote it, or the parameters of an XML form, which are text until a schema says more. */
  arguments: { json: string } | { parameters: ReadonlyMap<string, string> };
  /** The claim as it stands in the text, tags included. */
  source: string;
};

/** The beginnings of tagged forms, each with what may follow while the rest is on its way. */
const BEGINNINGS: readonly { opener: string; goesOn: RegExp }[] = [
  { opener: "<tool_call>", goesOn: /^\s*(?:$|[{[]|<$|<f)/ },
  { opener: "<function=", goesOn: /^[\w.-]{0,64}(?:$|>\s*(?:$|[{<]))/ },
  { opener: "<|start|>assistant<|channel|>commentary", goesOn: /^(?:$|\s)/ },
  { opener: "<|channel|>commentary", goesOn: /^(?:$|\s)/ },
  { opener: "[TOOL_CALLS]", goesOn: /^\s*(?:$|[{[\w])/ },
];

/** `[read]{…}[END_TOOL_REQUEST]`: any name may stand in the brackets. */
const BRACKET = /^\[[A-Za-z_][\w.-]{0,63}\]\s{0,64}\{/;
const BRACKET_BEGUN = /^\[(?:$|[A-Za-z_][\w.-]{0,63}(?:$|\]\s{0,64}$))/;

/** Whether a tagged form may begin at `at`: "begun" where the text ends too early to say. */
export function beginsForm(text: string, at: number): "yes" | "begun" | "no" {
  const first = text[at];
  if (first !== "<" && first !== "[") return "no";
  const head = text.slice(at, at + LONGEST_HEAD);
  for (const { opener, goesOn } of BEGINNINGS) {
    if (head.length < opener.length && opener.startsWith(head)) return "begun";
    if (head.startsWith(opener) && goesOn.test(head.slice(opener.length))) return "yes";
  }
  if (BRACKET.test(head)) return "yes";
  return BRACKET_BEGUN.test(head) ? "begun" : "no";
}

const LONGEST_HEAD = 200; // the longest opener or bracketed name, and the space behind it

/** One tagged form, from `at` on; `end` is behind it. Undefined where none stands there whole. */
export function readForm(text: string, at: number): { claims: Claim[]; end: number } | undefined {
  for (const read of FORMS) {
    const found = read(text, at);
    if (!found) continue;
    const source = text.slice(at, found.end);
    return { claims: found.claims.map((claim) => ({ ...claim, source })), end: found.end };
  }
  return undefined;
}

type Bare = Omit<Claim, "source">;
type Found = { claims: Bare[]; end: number };
type Form = (text: string, at: number) => Found | undefined;

/** A call as JSON, or a list of them: the whole of `json`. Undefined where anything in it is no call. */
export function readJsonCalls(json: string): Bare[] | undefined {
  if (!/^\s*[[{]/.test(json)) return undefined; // most answers; a parser that throws takes 70 µs
  if (isTooDeep(json)) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    return undefined; // it is text, then
  }
  const root = rootSpan(json);
  const spans = Array.isArray(value) ? itemSpans(json, root) : [root];
  const calls = spans.map((span) => readJsonCall(json, span));
  const whole = calls.filter((call) => call !== undefined);
  return whole.length > 0 && whole.length === calls.length ? whole : undefined;
}

/** `{"name", "arguments"}` as most write it, Llama's `parameters`, OpenAI's `function` around it. */
function readJsonCall(json: string, span: Span): Bare | undefined {
  const wrapped = memberSpan(json, span, "function");
  if (wrapped && json[wrapped.start] === "{") return readJsonCall(json, wrapped);
  const name = memberSpan(json, span, "name") ?? memberSpan(json, span, "tool") ?? wrapped;
  const given = memberSpan(json, span, "arguments") ?? memberSpan(json, span, "parameters");
  if (!name || !given) return undefined;
  const tool: unknown = JSON.parse(json.slice(name.start, name.end));
  const inner: unknown = JSON.parse(json.slice(given.start, given.end));
  if (typeof tool !== "string") return undefined;
  if (isRecord(inner)) return { tool, arguments: { json: json.slice(given.start, given.end) } };
  return typeof inner === "string" ? { tool, arguments: { json: inner } } : undefined;
}

/** `<tool_call>{…}</tool_call>`, or `<function=…>` inside. The end tag may be the stop token, and missing. */
const readToolCall: Form = (text, at) => {
  const open = match(/<tool_call>\s*/y, text, at);
  if (!open) return undefined;
  const inner = readFunction(text, open.end) ?? readJsonAt(text, open.end);
  if (!inner) return undefined;
  const close = match(/\s*<\/tool_call>/y, text, inner.end) ?? atEnd(text, inner.end);
  return close && { claims: inner.claims, end: close.end };
};

/** Llama's `<function=name>{…}</function>` and Qwen's `<parameter=key>` lines. */
const readFunction: Form = (text, at) => {
  const open = match(/<function=([\w.-]{1,64})>\s*/y, text, at);
  if (!open) return undefined;
  const [, tool = ""] = open.groups;
  const json = objectAt(text, open.end);
  if (json) {
    const close = match(/\s*<\/function>/y, text, json.end) ?? atEnd(text, json.end);
    const claims = [{ tool, arguments: { json: text.slice(json.start, json.end) } }];
    return close && { claims, end: close.end };
  }
  const parameters = new Map<string, string>();
  let end = open.end;
  for (;;) {
    // One line end on each side belongs to the tags, more to the value.
    const next = match(/<parameter=([\w.-]{1,64})>\n?([^]*?)\n?<\/parameter>\s*/y, text, end);
    if (!next) break;
    parameters.set(next.groups[1] ?? "", next.groups[2] ?? "");
    end = next.end;
  }
  const close = match(/<\/function>/y, text, end);
  return close && { claims: [{ tool, arguments: { parameters } }], end: close.end };
};

/** Harmony: `<|channel|>commentary to=functions.read <|constrain|>json<|message|>{…}<|call|>`. */
const readHarmony: Form = (text, at) => {
  const open = match(
    /(?:<\|start\|>assistant)?<\|channel\|>commentary\s+to=(?:functions\.)?([\w.-]{1,64})\s*(?:<\|constrain\|>\s*)?(?:json)?\s*<\|message\|>\s*/y,
    text,
    at,
  );
  const json = open && objectAt(text, open.end);
  if (!open || !json) return undefined;
  const close = match(/\s*<\|(?:call|end)\|>/y, text, json.end) ?? atEnd(text, json.end);
  const claim = {
    tool: open.groups[1] ?? "",
    arguments: { json: text.slice(json.start, json.end) },
  };
  return close && { claims: [claim], end: close.end };
};

/** LM Studio: `[TOOL_REQUEST]{"name", "arguments"}[END_TOOL_REQUEST]`, and `[read]{…}[END_TOOL_REQUEST]`. */
const readBracket: Form = (text, at) => {
  const open = match(/\[([A-Za-z_][\w.-]{0,63})\]\s*/y, text, at);
  const json = open && objectAt(text, open.end);
  if (!open || !json) return undefined;
  const close = match(/\s*\[END_TOOL_REQUEST\]/y, text, json.end);
  if (!close) return undefined;
  const body = text.slice(json.start, json.end);
  const [, tool = ""] = open.groups;
  const claims =
    tool === "TOOL_REQUEST" ? readJsonCalls(body) : [{ tool, arguments: { json: body } }];
  return claims && { claims, end: close.end };
};

/** Mistral: `[TOOL_CALLS][{…}]`, and since its 2025 models `[TOOL_CALLS]read[ARGS]{…}`. */
const readMistral: Form = (text, at) => {
  const open = match(
    /\[TOOL_CALLS\]\s*(?:([\w.-]{1,64})(?:\[CALL_ID\]\w+)?\[ARGS\]\s*)?/y,
    text,
    at,
  );
  if (!open) return undefined;
  const [, tool] = open.groups;
  if (tool === undefined) return readJsonAt(text, open.end);
  const json = objectAt(text, open.end);
  const claim = json && { tool, arguments: { json: text.slice(json.start, json.end) } };
  return claim && { claims: [claim], end: json.end };
};

const FORMS: readonly Form[] = [readToolCall, readFunction, readHarmony, readMistral, readBracket];

function readJsonAt(text: string, at: number): Found | undefined {
  const span = valueAt(text, at);
  const claims = span && readJsonCalls(text.slice(span.start, span.end));
  return claims && { claims, end: span.end };
}

function objectAt(text: string, at: number): Span | undefined {
  if (text[at] !== "{") return undefined;
  const span = valueAt(text, at);
  return span && isParsed(text.slice(span.start, span.end)) ? span : undefined;
}

/** The JSON object or list that begins at `at` and ends before the text does. */
export function valueAt(text: string, at: number): Span | undefined {
  if (text[at] !== "{" && text[at] !== "[") return undefined;
  const { start, end } = rootSpan(text.slice(at));
  const last = text[at + end - 1];
  return last === "}" || last === "]" ? { start: at + start, end: at + end } : undefined;
}

function isParsed(json: string): boolean {
  if (isTooDeep(json)) return false;
  try {
    JSON.parse(json);
    return true;
  } catch {
    return false; // the question is whether it parses
  }
}

function match(pattern: RegExp, text: string, at: number) {
  pattern.lastIndex = at;
  const found = pattern.exec(text) ?? undefined;
  return found && { groups: found, end: at + found[0].length };
}

const atEnd = (text: string, at: number) =>
  text.slice(at).trim() === "" ? { end: text.length } : undefined;
