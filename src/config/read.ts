/** JSON5 text to plain values, with the line and column of each path. */

import { parse, type ValueNode } from "@humanwhocodes/momoa";

import { Fault } from "../base/fault.ts";

export type Place = { line: number; column: number };

export type Parsed = {
  value: Record<string, unknown>;
  /** By dotted path, such as "models.providers.ollama.baseUrl". */
  places: Map<string, Place>;
  /** What had to be mended before it could be read, for people. */
  repairs: string[];
};

/** Throws `CONFIG_SYNTAX` for what is not JSON5, `CONFIG_VALUE` where the whole is not an object. */
export function readJson5(written: string, file: string): Parsed {
  const { text, repairs } = mendFragment(written);
  const root = parseText(text, file);
  const places = new Map<string, Place>();
  const value = toValue(root, "", places);
  if (!isObject(value)) {
    throw new Fault("CONFIG_VALUE", {
      path: "the config",
      found: Array.isArray(value) ? "a list" : JSON.stringify(value),
      allowed: "an object: { … }",
    });
  }
  return { value, places, repairs };
}

/** One value as a person types it: JSON5 where it is that, else the text itself. */
export function readValue(text: string): unknown {
  try {
    return toValue(parse(text, { mode: "json5" }).body, "", new Map());
  } catch {
    return text; // `qwen3:8b` is no JSON5, and need not be quoted
  }
}

export const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/** Appends a key to a dotted path. Keys may hold dots ("qwen2.5:7b"): inside a path those are U+2024. */
export const join = (path: string, key: string | number) =>
  path ? `${path}.${escape(`${key}`)}` : escape(`${key}`);

export const escape = (key: string) => key.replaceAll(".", "\u2024");
export const unescape = (path: string) => path.replaceAll("\u2024", ".");

/**
 * Configs are copied out of guides, which leave away the outer braces and write `...` for what you have
 * already. Both are mended where the text is no JSON5 as it stands. Lines keep their numbers.
 */
export function mendFragment(text: string): { text: string; repairs: string[] } {
  if (text.trim() === "" || isJson5(text)) return { text, repairs: [] };
  const repairs: string[] = [];
  let mended = text.replaceAll(TOKENS, (token) => {
    if (!/^(\.\.\.|…)/.test(token)) return token;
    if (repairs.length === 0) repairs.push("`...` stands for nothing here, and is passed over");
    return " ".repeat(token.length);
  });
  if (MEMBER_FIRST.test(mended)) {
    mended = `{${mended}\n}`;
    repairs.push("read as if it stood in { }");
  }
  return { text: mended, repairs }; // what is wrong besides is told with the line where it stands
}

/** Strings and comments, so that what looks like a token inside of them is left alone. */
const TOKENS =
  /"(?:[^"\\\n]|\\[^])*"|'(?:[^'\\\n]|\\[^])*'|\/\/.*|\/\*[^]*?\*\/|(?:\.\.\.|…)\s*,?/g;
const MEMBER_FIRST = /^(?:\s|\/\/.*|\/\*[^]*?\*\/)*(?:"[^"\n]+"|'[^'\n]+'|[A-Za-z_$][\w$]*)\s*:/;

function isJson5(text: string): boolean {
  try {
    parse(text, JSON5);
    return true;
  } catch {
    return false; // whoever needs to know why parses it again
  }
}

const JSON5 = { mode: "json5", allowTrailingCommas: true } as const;

function parseText(text: string, file: string): ValueNode {
  if (text.trim() === "") return parse("{}").body; // an empty file is a config without wishes
  try {
    return parse(text, JSON5).body;
  } catch (cause) {
    const { line, column, message } = toSyntaxError(cause);
    throw new Fault("CONFIG_SYNTAX", { file, line, column, detail: message }, { cause });
  }
}

/** Momoa's errors carry the place; its message repeats it in brackets. */
function toSyntaxError(error: unknown): { line: number; column: number; message: string } {
  const { line, column } = Object(error) as { line?: unknown; column?: unknown };
  const message = error instanceof Error ? error.message : String(error);
  return {
    line: typeof line === "number" ? line : 1,
    column: typeof column === "number" ? column : 1,
    message: message.replace(/\s*\(\d+:\d+\)\s*$/, "").replace(/\.$/, ""),
  };
}

function toValue(node: ValueNode, path: string, places: Map<string, Place>): unknown {
  if (path) places.set(path, node.loc.start);
  switch (node.type) {
    case "Object": {
      const value: Record<string, unknown> = {};
      for (const { name, value: child } of node.members) {
        const key = name.type === "Identifier" ? name.name : name.value;
        if (key === "__proto__") continue; // never a setting, and it must not become a prototype
        value[key] = toValue(child, join(path, key), places);
      }
      return value;
    }
    case "Array":
      return node.elements.map((element, i) => toValue(element.value, join(path, i), places));
    case "Null":
      return null;
    case "NaN":
      return NaN;
    case "Infinity":
      return node.sign === "-" ? -Infinity : Infinity;
    default:
      return node.value;
  }
}
