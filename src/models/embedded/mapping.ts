/**
 * Between the tools that the demonstration model was trained on and ours: names, arguments, results.
 * Its next weights are to be trained on ours, and then this file goes.
 */

import { isRecord, isTooDeep } from "../../base/json.ts";
import type { Message, ToolCall } from "../../protocol/message.ts";
import { restore, restoreIn } from "../hostile.ts";

type OwnTool = {
  /** Its name in training. */
  own: string;
  /** Arguments that it was trained with, in this order. Others that a larger model gave are left out. */
  keys: readonly string[];
  /** A successful result as it was in training, and no longer than the model can repeat. */
  result: (text: string) => OwnResult;
};

export type OwnResult = {
  text: string;
  /** What of the result the model was shown, where that is not all of it; for whoever reads its answer. */
  shown?: string;
};

/**
 * Measured: lists of 4 or 5 names come back right in 9 of 10 cases, of 6 in 5, of 8 never; texts of 8
 * words in 9 of 10, of 16 in 7, of 24 never. Better a part and a word about it than an invention.
 */
const MAX_FILES = 5;
const MAX_WORDS = 12;

/** By our name. A tool that does not stand here is not offered to the model. */
const TOOLS: ReadonlyMap<string, OwnTool> = new Map([
  ["find", { own: "list_files", keys: [], result: toFileNames }],
  ["read", { own: "read_file", keys: ["path"], result: toContent }],
  ["write", { own: "write_file", keys: ["path", "content"], result: () => ({ text: "ok" }) }],
]);

/** The model's name for one of our tools; undefined for a tool it does not know. */
export const toOwnName = (tool: string): string | undefined => TOOLS.get(tool)?.own;

/** Our name for one of the model's tools. A name that is not ours stays: whoever runs calls will refuse it. */
export function fromOwnName(own: string): string {
  for (const [tool, known] of TOOLS) if (known.own === own) return tool;
  return own;
}

/** The arguments of an earlier call, spelled as in training: `{"path": "a.txt"}`. */
export function toOwnArguments({ tool, argumentsJson }: ToolCall): string {
  const keys = TOOLS.get(tool)?.keys ?? [];
  const value = restoreIn(parse(argumentsJson));
  if (!isRecord(value)) return "{}";
  const members = keys
    .filter((key) => key in value)
    .map((key) => `${JSON.stringify(key)}: ${JSON.stringify(value[key])}`);
  return `{${members.join(", ")}}`;
}

export function toOwnResult({ tool, text, ok }: Extract<Message, { role: "tool" }>): OwnResult {
  const told = restore(text);
  return (ok && TOOLS.get(tool)?.result(told)) || { text: `error: ${toReason(told)}` };
}

function parse(json: string): unknown {
  if (isTooDeep(json)) return undefined;
  try {
    return JSON.parse(json);
  } catch {
    return undefined; // a broken call of another model: it is shown without arguments
  }
}

/** The five reasons of training, and what they look like here; any other is told in its own words. */
const REASONS: readonly (readonly [RegExp, string])[] = [
  [/^PATH_MISSING:/, "not found"],
  [/^PATH_OUTSIDE_WORKSPACE:/, "outside the workspace"],
  [/^PATH_NOT_FILE:/, "not a file"],
  [/^PATH_DENIED:/, "permission denied"],
  [/^Not run: /, "denied by the user"],
];

function toReason(text: string): string {
  const known = REASONS.find(([pattern]) => pattern.test(text));
  if (known) return known[1];
  const [first = ""] = text.replace(/^[A-Z]+(?:_[A-Z]+)+: /, "").split(/\. |\n/);
  return first.slice(0, 80).replace(/\.$/, "").toLowerCase();
}

/** A line for each file with its size, and for each folder; then perhaps that there is more. */
function toFileNames(text: string): OwnResult {
  const names = text
    .split("\n")
    .flatMap((line) => /^(.*) \(\d+ (?:bytes|KB)\)$/.exec(line)?.[1] ?? []);
  const kept = names.slice(0, MAX_FILES).join("\n");
  if (names.length <= MAX_FILES) return { text: kept };
  const all = /\n\[there is more[^\n]*$/.test(text) ? `${names.length} or more` : names.length;
  return { text: kept, shown: `the first ${MAX_FILES} of ${all} files` };
}

/** The file's text; a line in brackets where it is empty, or where that was not all. */
function toContent(text: string): OwnResult {
  const content = text
    .replace(/(?:^|\n)\[(?:the file is empty|lines \d+-\d+ of \d+[^\n]*)\]$/, "")
    .trimEnd();
  const words = [...content.matchAll(/\S+/g)];
  const next = words[MAX_WORDS];
  if (!next) return { text: content };
  const kept = content.slice(0, next.index).trimEnd();
  return { text: kept, shown: `the first ${MAX_WORDS} of ${words.length} words` };
}
