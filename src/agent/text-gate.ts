import { createId } from "../base/ids.ts";
import { restoreIn } from "../models/hostile.ts";
import { createSalvageGate, type SalvageGate } from "../models/salvage-gate.ts";
import type { Message, ToolSpec } from "../protocol/message.ts";
import type { Tool } from "../tools/tool.ts";

/** Makes the gate of each request: what it offered, and what it sent that the model did not write. */
export type TextGates = (
  offered: readonly ToolSpec[],
  sent: readonly Message[],
) => SalvageGate | undefined;

export function createTextGates(tools: readonly Tool[]): TextGates {
  const byName = new Map(tools.map((tool) => [tool.name, tool]));
  const accepts = (name: string, input: unknown) =>
    byName.get(name)?.input.safeParse(restoreIn(input)).success ?? false;
  return (offered, sent) => {
    if (offered.length === 0) return undefined;
    const earlier = sent.flatMap((message) => {
      if (message.role === "assistant") return [];
      if (message.role === "tool") return [message.text];
      return [message.text, message.context ?? ""];
    });
    return createSalvageGate({
      tools: offered,
      accepts,
      earlier,
      newCallId: () => createId("call"),
    });
  };
}
