import { z } from "zod";

import { forgiving } from "./arguments.ts";
import { defineTool } from "./tool.ts";

/** A memory is in every later request: one sentence or two, not a document. */
const MAX_CHARS = 500;

export const remember = defineTool({
  name: "remember",
  description: "Remember a fact about the person for later sessions.",
  effect: "remember",
  input: forgiving(
    { text: z.string().min(1).max(MAX_CHARS) },
    { text: ["fact", "content", "memory", "note"] },
  ),

  before: async () => "", // that it stands there says enough

  reconcile: async ({ text }, _before, { memory }) =>
    (await memory.list()).includes(text.trim()) ? "yes" : "no",

  async run({ text }, { memory, signal }) {
    signal.throwIfAborted();
    if ((await memory.list()).includes(text.trim())) return "[remembered already]";
    await memory.add(text.trim());
    return "Remembered";
  },
});
