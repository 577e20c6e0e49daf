/** Which tools a model is told of. What an epoch began with it keeps: a tool that was added is for the next one. */

import type { Tool, ToolContext } from "../tools/tool.ts";

/** Those that have anything to work with in this session, and that its reach does not mask. */
export async function offeredTo(
  tools: readonly Tool[],
  context: Omit<ToolContext, "signal">,
): Promise<Tool[]> {
  const isOffered = await Promise.all(
    tools.map((tool) => !tool.masked?.(context.reach()) && (tool.isOffered?.(context) ?? true)),
  );
  return tools.filter((_, at) => isOffered[at]);
}

/** Every list that an epoch may have begun with; tools that are not always offered are few. */
export function listsOf(tools: readonly Tool[]): Tool[][] {
  return tools.reduce<Tool[][]>(
    (lists, tool) => [
      ...lists.map((list) => [...list, tool]),
      ...(tool.isOffered || tool.masked ? lists : []),
    ],
    [[]],
  );
}

/** What every session is offered, whatever a person has and allows. */
export const alwaysOffered = (tools: readonly Tool[]): Tool[] =>
  tools.filter((tool) => !tool.isOffered && !tool.masked);
