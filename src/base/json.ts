/**
 * Finds values inside JSON text without parsing and writing them again: what a model server wrote is
 * replayed byte for byte, or its prompt cache is lost from that call on.
 *
 * Everything here expects text that `JSON.parse` has accepted, and sees what `JSON.parse` sees: of a
 * repeated key the last one counts.
 */

export type Span = { start: number; end: number };

/** The whole text, without the white space around it. */
export function rootSpan(json: string): Span {
  return spanAt(json, skipSpace(json, 0));
}

/** The value under `key`; undefined where `object` is no object or lacks the key. */
export function memberSpan(json: string, object: Span, key: string): Span | undefined {
  if (json[object.start] !== "{") return undefined;
  let found: Span | undefined;
  let at = skipSpace(json, object.start + 1);
  while (at < object.end && json[at] === '"') {
    const name = spanAt(json, at);
    const value = spanAt(json, skipSpace(json, skipSpace(json, name.end) + 1));
    if (isKey(json, name, key)) found = value;
    at = skipComma(json, value.end);
  }
  return found;
}

/** The values of an array, in order; none where it is no array. */
export function itemSpans(json: string, array: Span): Span[] {
  if (json[array.start] !== "[") return [];
  const items: Span[] = [];
  let at = skipSpace(json, array.start + 1);
  while (at < array.end && json[at] !== "]") {
    const item = spanAt(json, at);
    items.push(item);
    at = skipComma(json, item.end);
  }
  return items;
}

/** Real values and schemas nest a few dozen levels; what walks over a value by recursion ends at 2,700. */
export const MAX_JSON_DEPTH = 128;

/** Whether it nests deeper than anything does that is meant well. Looks at any text, JSON or not. */
export function isTooDeep(text: string, levels = MAX_JSON_DEPTH): boolean {
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (unit === QUOTE) at = closingQuote(text, at);
    else if (unit === OPENING_BRACE || unit === OPENING_SQUARE) {
      if (++depth > levels) return true;
    } else if (unit === CLOSING_BRACE || unit === CLOSING_SQUARE) depth--;
  }
  return false;
}

/** One pass, whatever stands in it: a body may be nothing but quotes and backslashes. */
function closingQuote(text: string, start: number): number {
  let at = start + 1;
  for (; at < text.length; at++) {
    const unit = text.charCodeAt(at);
    if (unit === BACKSLASH) at++;
    else if (unit === QUOTE) break;
  }
  return at;
}

// As numbers: a body of 20 MB is looked through, and characters would each be a string.
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPENING_SQUARE = 0x5b;
const CLOSING_SQUARE = 0x5d;
const OPENING_BRACE = 0x7b;
const CLOSING_BRACE = 0x7d;

/** Whether `text` is JSON for an object: what a tool call's arguments must be. */
export function isJsonObject(text: string): boolean {
  if (isTooDeep(text)) return false;
  try {
    return isRecord(JSON.parse(text));
  } catch {
    return false; // the question is whether it parses
  }
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The value that begins at `start`. A text that ends too early ends the span, it does not throw. */
function spanAt(json: string, start: number): Span {
  const first = json[start];
  if (first === '"') return { start, end: stringEnd(json, start) };
  if (first !== "{" && first !== "[") return { start, end: scalarEnd(json, start) };
  let depth = 0;
  for (let at = start; at < json.length; at++) {
    const char = json[at];
    if (char === '"') at = stringEnd(json, at) - 1;
    else if (char === "{" || char === "[") depth++;
    else if ((char === "}" || char === "]") && --depth === 0) return { start, end: at + 1 };
  }
  return { start, end: json.length };
}

function stringEnd(json: string, start: number): number {
  let quote = json.indexOf('"', start + 1);
  while (quote !== -1 && isEscaped(json, quote)) quote = json.indexOf('"', quote + 1);
  return quote === -1 ? json.length : quote + 1;
}

/** An odd number of backslashes before it. */
function isEscaped(json: string, quote: number): boolean {
  let at = quote;
  while (json[at - 1] === "\\") at--;
  return (quote - at) % 2 === 1;
}

function scalarEnd(json: string, start: number): number {
  let at = start;
  while (at < json.length && !/[\s,\]}]/.test(json.charAt(at))) at++;
  return at;
}

function isKey(json: string, name: Span, key: string): boolean {
  const raw = json.slice(name.start, name.end);
  return raw.includes("\\") ? JSON.parse(raw) === key : raw === `"${key}"`;
}

function skipComma(json: string, start: number): number {
  const at = skipSpace(json, start);
  return json[at] === "," ? skipSpace(json, at + 1) : at;
}

function skipSpace(json: string, start: number): number {
  let at = start;
  while (" \t\n\r".includes(json.charAt(at)) && at < json.length) at++;
  return at;
}
