/** Whether a call may be run at all. Pure; what it refuses, the model is told in words it can act on. */

import type { z } from "zod";

import { restoreIn } from "../models/hostile.ts";
import type { ToolCall } from "../protocol/message.ts";
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
  const value = parse(call.argumentsJson);
  if (value === undefined) {
    return {
      refusal: cut
        ? "The arguments were cut off: the answer ran into its length limit. Do it in smaller pieces."
        : "The arguments are not valid JSON. Call again with a JSON object.",
    };
  }
  // Control tokens that were neutralised for the model stand as they were in the file it speaks of.
  const parsed = tool.input.safeParse(restoreIn(value));
  if (!parsed.success)
    return { refusal: `Wrong arguments for ${tool.name}: ${issues(parsed.error)}` };
  return { tool, input: parsed.data };
}

/** Arguments as a person sees them in the app: parsed where they can be, else as text. */
export const shownInput = (call: ToolCall): unknown =>
  restoreIn(parse(call.argumentsJson) ?? call.argumentsJson);

/** Undefined for what is no JSON; an empty text counts as no arguments, as several servers send it. */
function parse(json: string): unknown {
  if (json.trim() === "") return {};
  try {
    return JSON.parse(json);
  } catch {
    return undefined; // the caller says so in its own words
  }
}

/** A model corrects one or two mistakes at a time. */
const MAX_ISSUES = 4;

const issues = ({ issues }: z.ZodError): string =>
  issues
    .slice(0, MAX_ISSUES)
    .map(({ path, message }) => (path.length > 0 ? `${path.join(".")}: ${message}` : message))
    .join("; ");
