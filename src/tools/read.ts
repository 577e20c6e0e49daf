import { z } from "zod";

import { forgiving, PATH_ALIASES } from "./arguments.ts";
import { takeLines } from "./cut.ts";
import { readText, toLines } from "./text.ts";
import { defineTool } from "./tool.ts";

export const read = defineTool({
  name: "read",
  description: "Read a text file.",
  effect: "none",
  input: forgiving(
    {
      path: z.string(),
      from: z.int().min(1).optional().describe("first line, from 1"),
      count: z.int().min(1).optional().describe("how many lines"),
    },
    {
      path: PATH_ALIASES,
      from: ["offset", "start", "line", "start_line"],
      count: ["limit", "lines", "max"],
    },
  ),

  async run({ path, from = 1, count = Infinity }, { workspace }) {
    const lines = toLines(await readText(workspace, path));
    if (lines.length === 0) return "[the file is empty]";
    if (from > lines.length) return `[the file has only ${lines.length} lines]`;
    const wanted = lines.slice(from - 1, from - 1 + count);
    const shown = takeLines(wanted);
    const last = from - 1 + shown.length;
    if (last === lines.length && from === 1) return shown.join("\n");
    const next = last < lines.length ? `; to read on, call read with from=${last + 1}` : "";
    return `${shown.join("\n")}\n[lines ${from}-${last} of ${lines.length}${next}]`;
  },
});
