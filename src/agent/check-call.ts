/** Whether a call may be run at all. Pure; what it refuses, the model is told in words it can act on. */

import { Fault } from "../base/fault.ts";
import { isTooDeep } from "../base/json.ts";
import { restore, restoreIn } from "../models/hostile.ts";
import type { ToolCall } from "../protocol/message.ts";
import { parseArguments } from "../tools/spec.ts";
import type { Tool } from "../tools/tool.ts";

export type CheckedCall = { tool: Tool; input: unknown };

/** `cut` says that the model's answer ran into its limit, which is then the likely reason. */
export function checkCall(
  call: ToolCall,
  tools: ReadonlyMap<string, Tool>,
  cut: boolean,
): CheckedCall | { refusal: string } {
  const tool = tools.get(call.tool);
  if (!tool) {
    return {
      refusal: `There is no tool "${call.tool}". There are: ${[...tools.keys()].join(", ")}`,
    };
  }
  if (cut && parse(call.argumentsJson) === undefined) return { refusal: CUT };
  try {
    // Control tokens that were neutralised for the model stand as they were in the file it speaks of.
    return { tool, input: parseArguments(tool, call.argumentsJson, restore) };
  } catch (error) {
    if (error instanceof Fault) return { refusal: toResultText(error) };
    throw error;
  }
}

const CUT =
  "The arguments were cut off: the answer ran into its length limit. Do it in smaller pieces.";

/** A fault as a model reads it. */
export const toResultText = ({ code, message, fix }: Fault): string =>
  `${code}: ${message}. ${fix}`;

/** Arguments as a person sees them in the app: parsed where they can be, else as text. */
export const shownInput = ({ argumentsJson }: ToolCall): unknown =>
  restoreIn(parse(argumentsJson) ?? argumentsJson);

function parse(json: string): unknown {
  if (isTooDeep(json)) return undefined;
  try {
    return JSON.parse(json);
  } catch {
    return undefined; // who asks says so in its own words
  }
}
