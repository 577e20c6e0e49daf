/** What stands before the history and is frozen for an epoch. */

import { toInstructions } from "../models/constrained/form.ts";
import type { Message, ToolSpec } from "../protocol/message.ts";
import type { ToolMode } from "../protocol/scorecard.ts";
import type { Epoch } from "../store/store.ts";
import { toSpec } from "../tools/spec.ts";
import type { Tool } from "../tools/tool.ts";
import { systemText } from "./prompt.ts";

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
 * another head: within an epoch a model keeps to one. What the reach masks is not listed.
 */
export interface Heads {
  /** With these tools, or with all. */
  for(
    model: { tools: boolean; toolMode?: ToolMode },
    instructions: readonly string[],
    offered?: readonly Tool[],
  ): Omit<Head, "preface">;
}

/** Tools never change while a gateway runs, so the schemas of each list of them are written once. */
export function createHeads(tools: readonly Tool[]): Heads {
  /** By the names that are listed. */
  const written = new Map<string, Listing>();
  const listed = (offered: readonly Tool[]) => {
    const key = offered.map(({ name }) => name).join();
    const listing = written.get(key) ?? createListing(offered);
    written.set(key, listing);
    return listing;
  };
  return {
    for: (model, instructions, offered = tools) => {
      if (!model.tools)
        return { system: systemText({ tools: [], instructions }), tools: [], toolsJson: "[]" };
      const { names, specs, json, described } = listed(offered);
      // Of a forced form its provider puts the tools into words; those are what the model reads.
      const toolsJson = model.toolMode === "constrained" ? described() : json();
      return { system: systemText({ tools: names, instructions }), tools: specs, toolsJson };
    },
  };
}

type Listing = ReturnType<typeof createListing>;

function createListing(tools: readonly Tool[]) {
  const specs = tools.map(toSpec);
  let json = "";
  let described = "";
  return {
    names: tools.map(({ name }) => name),
    specs,
    json: () => (json ||= JSON.stringify(specs)),
    described: () => (described ||= JSON.stringify(toInstructions(specs))),
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
