/** What stands before the history and is frozen for an epoch. */

import { toInstructions } from "../models/constrained/form.ts";
import type { Message, ToolSpec } from "../protocol/message.ts";
import type { ToolMode } from "../protocol/scorecard.ts";
import type { Epoch } from "../store/store.ts";
import { toSpec } from "../tools/spec.ts";
import type { Tool } from "../tools/tool.ts";
import { type SystemFacts, systemText } from "./prompt.ts";

export type Head = {
  system: string;
  tools: readonly ToolSpec[];
  /** The tools as they were sent; what an epoch stores. */
  toolsJson: string;
  /** Messages that are sent before the history: notes, and the summary of what was left out. */
  preface: readonly Message[];
};

/**
 * System text and tools, for models that call tools and for those that only chat. Another way of calling is
 * another head: within an epoch a model keeps to one.
 */
export interface Heads {
  for(
    model: { tools: boolean; toolMode?: ToolMode },
    instructions: readonly string[],
  ): Omit<Head, "preface">;
}

/** Tools never change while a gateway runs, so their schemas are written once. */
export function createHeads(tools: readonly Tool[]): Heads {
  let specs: ToolSpec[] | undefined;
  let toolsJson = "";
  let described = "";
  const names = tools.map(({ name }) => name);
  return {
    for: (model, instructions) => {
      const facts: SystemFacts = { tools: model.tools ? names : [], instructions };
      if (!model.tools) return { system: systemText(facts), tools: [], toolsJson: "[]" };
      specs ??= tools.map(toSpec);
      const head = { system: systemText(facts), tools: specs };
      if (model.toolMode === "constrained") {
        // Its provider puts the tools into words; those are what the model reads.
        described ||= JSON.stringify(toInstructions(specs));
        return { ...head, toolsJson: described };
      }
      toolsJson ||= JSON.stringify(specs);
      return { ...head, toolsJson };
    },
  };
}

export const headBytes = (head: Head): number =>
  Buffer.byteLength(head.system) + Buffer.byteLength(head.toolsJson);

/**
 * Whether an epoch still stands: for this model, and with the head that this program would write today. A
 * program with other tools or instructions begins a new one.
 */
export const isCurrent = (
  epoch: Epoch,
  model: string,
  head: Pick<Head, "system" | "toolsJson">,
): boolean =>
  epoch.model === model && epoch.system === head.system && epoch.toolsJson === head.toolsJson;
