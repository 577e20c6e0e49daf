import { z } from "zod";

import { forgiving, PATH_ALIASES } from "./arguments.ts";
import { whyAsk } from "./guarded.ts";
import { digestOf, reconcileWrite, stateBefore } from "./reconcile.ts";
import { defineTool } from "./tool.ts";

export const write = defineTool({
  name: "write",
  description: "Write a text file. Replaces what was in it.",
  effect: "write",
  input: forgiving(
    { path: z.string(), content: z.string() },
    { path: PATH_ALIASES, content: ["text", "contents", "body", "data"] },
  ),

  asks: ({ path }, { workspace }) => whyAsk(path, workspace.root),

  before: ({ path, content }, { workspace, restore }) =>
    stateBefore(workspace, path, digestOf(toBytes(content, restore))),

  reconcile: ({ path }, before, { workspace }) => reconcileWrite(workspace, path, before),

  async run({ path, content }, { workspace, restore, signal }) {
    signal.throwIfAborted();
    const bytes = toBytes(content, restore);
    const { created } = await workspace.write(path, bytes);
    return `${created ? "Made" : "Replaced"} ${path} (${bytes.length} bytes)`;
  },
});

const toBytes = (text: string, restore = (it: string) => it) => Buffer.from(restore(text));
