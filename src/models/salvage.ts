/**
 * Text that is really a tool call, made one: only where the tool was offered, the arguments fit its schema,
 * and the text does not stand in what the model was given (else a file that quotes a call would run it).
 * Tagged forms may end a message; bare or fenced JSON must be the whole of it. Everything else stays text.
 * Pure.
 */

import { isRecord, isTooDeep } from "../base/json.ts";
import type { ToolCall, ToolSpec } from "../protocol/message.ts";
import { beginsForm, type Claim, readForm, readJsonCalls } from "./salvage-forms.ts";

export type SalvageContext = {
  /** What this request offered. */
  tools: readonly ToolSpec[];
  /** Whether parsed arguments fit the tool's schema. */
  accepts: (tool: string, input: unknown) => boolean;
  /** User messages, tool results, notes: whatever the model was sent and did not write itself. */
  earlier: readonly string[];
  newCallId: () => string;
};

/** The calls that `text` ends in, and where they begin; undefined where it is text and nothing else. */
export function salvage(
  text: string,
  context: SalvageContext,
): { calls: ToolCall[]; start: number } | undefined {
  const found = readWhole(text) ?? readTail(text);
  if (!found) return undefined;
  const calls = found.claims.map((claim) => toCall(claim, context));
  const real = calls.filter((call) => call !== undefined);
  // All or nothing: a message half run and half shown would be neither.
  return real.length === calls.length ? { calls: real, start: found.start } : undefined;
}

/** Bare or fenced JSON that is the whole message. */
function readWhole(text: string): { claims: Claim[]; start: number } | undefined {
  const source = text.trim();
  const fenced = /^```(?:json|tool_call|tool_code)?[^\S\n]*\n([^]*?)\n?```$/.exec(source);
  const calls = readJsonCalls(fenced?.[1] ?? source);
  return calls && { claims: calls.map((call) => ({ ...call, source })), start: 0 };
}

/** More beginnings than this are a text about calls, and each costs a look at all that follows. */
const MAX_BEGINNINGS = 64;

/** Tagged forms, one or several, behind which nothing stands. */
function readTail(text: string): { claims: Claim[]; start: number } | undefined {
  let tried = 0;
  for (const { index: start } of text.matchAll(/[<[]/g)) {
    if (beginsForm(text, start) !== "yes") continue;
    if (++tried > MAX_BEGINNINGS) return undefined;
    const { claims, end } = readForms(text, start);
    if (claims.length > 0 && end === text.length && !isInCode(text, start))
      return { claims, start };
  }
  return undefined;
}

/** In an open code block or behind a backtick stands an example. */
function isInCode(text: string, start: number): boolean {
  const before = text.slice(0, start);
  return before.endsWith("`") || (before.match(/^[^\S\n]*```/gm)?.length ?? 0) % 2 === 1;
}

/** As many forms as follow one another from `start` on, and the white space behind them. */
export function readForms(text: string, start: number): { claims: Claim[]; end: number } {
  const claims: Claim[] = [];
  let end = start;
  for (let form = readForm(text, end); form; form = readForm(text, end)) {
    claims.push(...form.claims);
    end = form.end + (/^\s*/.exec(text.slice(form.end))?.[0].length ?? 0);
  }
  return { claims, end };
}

function toCall(claim: Claim, context: SalvageContext): ToolCall | undefined {
  const tool = context.tools.find(({ name }) => name === claim.tool);
  if (!tool) return undefined;
  const argumentsJson =
    "json" in claim.arguments
      ? claim.arguments.json
      : JSON.stringify(toTyped(claim.arguments.parameters, tool.schema));
  const input = parse(argumentsJson);
  if (!isRecord(input) || !context.accepts(tool.name, input)) return undefined;
  if (isQuoted([claim.source, argumentsJson], context.earlier)) return undefined;
  return { id: context.newCallId(), tool: tool.name, argumentsJson };
}

/** The parameters of an XML form by the types that the schema names; text where it names none. */
function toTyped(parameters: ReadonlyMap<string, string>, schema: object): object {
  const properties = "properties" in schema && isRecord(schema.properties) ? schema.properties : {};
  return Object.fromEntries(
    Array.from(parameters, ([key, value]) => {
      const property = properties[key];
      const type = isRecord(property) ? property.type : undefined;
      return [key, type === undefined || type === "string" ? value : (parse(value) ?? value)];
    }),
  );
}

function parse(json: string): unknown {
  if (isTooDeep(json)) return undefined;
  try {
    return JSON.parse(json);
  } catch {
    return undefined; // the caller takes it for text
  }
}

/**
 * Whether one of these stands in what came earlier, however it was indented, escaped or neutralised there.
 * Arguments count by themselves too, so that a file cannot have its call repeated in another form. Empty
 * ones say nothing.
 */
function isQuoted(parts: readonly string[], earlier: readonly string[]): boolean {
  const wanted = parts.map(plain).filter((part) => part.length > 2);
  return earlier.some((text) => {
    const given = plain(text);
    return wanted.some((part) => given.includes(part));
  });
}

const plain = (text: string) => text.replaceAll(/[\s\\\u2060]+/g, "");
