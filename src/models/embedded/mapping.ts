/**
 * Between the tools that the demonstration model was trained on and ours: names, arguments, results.
 * Its next weights are to be trained on ours, and then this file goes.
 */

import { isRecord } from "../../base/json.ts";
import type { Message, ToolCall } from "../../protocol/message.ts";
import { restore, restoreIn } from "../hostile.ts";

type OwnTool = {
  /** Its name in training. */
  own: string;
  /** Arguments that it was trained with, in this order. Others that a larger model gave are left out. */
  keys: readonly string[];
  /** The text of a successful result as it was in training. */
  result: (text: string) => string;
};

/** By our name. A tool that does not stand here is not offered to the model. */
const TOOLS: ReadonlyMap<string, OwnTool> = new Map([
  ["find", { own: "list_files", keys: [], result: toFileNames }],
  ["read", { own: "read_file", keys: ["path"], result: toContent }],
  ["write", { own: "write_file", keys: ["path", "content"], result: () => "ok" }],
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

export function toOwnResult({ tool, text, ok }: Extract<Message, { role: "tool" }>): string {
  const told = restore(text);
  return ok ? (TOOLS.get(tool)?.result(told) ?? told) : `error: ${toReason(told)}`;
}

function parse(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined; // a broken call of another model: it is shown without arguments
  }
}

/** The five reasons of training, and what they look like here; any other is told in its own words. */
const REASONS: readonly (readonly [RegExp, string])[] = [
  [/^PATH_MISSING|ENOENT/, "not found"],
  [/^PATH_OUTSIDE/, "outside the workspace"],
  [/^PATH_NOT_FILE|EISDIR/, "not a file"],
  [/^Not run: /, "denied by the user"],
  [/EACCES|EPERM|EROFS/, "permission denied"],
];

function toReason(text: string): string {
  const known = REASONS.find(([pattern]) => pattern.test(text));
  if (known) return known[1];
  const [first = ""] = text.replace(/^[A-Z]+(?:_[A-Z]+)+: /, "").split(/\. |\n/);
  return first.slice(0, 80).replace(/\.$/, "").toLowerCase();
}

/** `find` without arguments: a path a line, then perhaps a line in brackets about what was left out. */
function toFileNames(text: string): string {
  return text;
}

function toContent(text: string): string {
  return text;
}
