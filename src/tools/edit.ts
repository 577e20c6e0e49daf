import { z } from "zod";

import { Fault } from "../base/fault.ts";
import { forgiving, PATH_ALIASES } from "./arguments.ts";
import { MAX_FILE_BYTES, tooLarge } from "./folder.ts";
import { whyAsk } from "./guarded.ts";
import { nearestLines } from "./nearest.ts";
import { showPath } from "./path.ts";
import { digestOf, reconcileWrite, stateBefore } from "./reconcile.ts";
import { readText, toLines } from "./text.ts";
import { defineTool, type ToolContext } from "./tool.ts";

type Edit = { path: string; old: string; new: string; all?: boolean | undefined };

export const edit = defineTool<Edit>({
  name: "edit",
  description: 'Replace "old" by "new" in a text file. "old" must stand in it exactly once.',
  effect: "write",
  input: forgiving(
    {
      path: z.string(),
      old: z.string().min(1),
      new: z.string(),
      all: z.boolean().optional().describe("replace every occurrence"),
    },
    {
      path: PATH_ALIASES,
      old: ["old_string", "old_text", "oldText", "oldString", "search", "find"],
      new: ["new_string", "new_text", "newText", "newString", "replace", "replacement"],
      all: ["replace_all", "replaceAll"],
    },
  ),

  asks: ({ path }, { workspace }) => whyAsk(path, workspace.root),

  async before(input, context) {
    const { bytes } = replaceIn(await readText(context.workspace, input.path), input, context);
    return await stateBefore(context.workspace, input.path, digestOf(bytes));
  },

  reconcile: ({ path }, before, { workspace }) => reconcileWrite(workspace, path, before),

  async run(input, context) {
    const { workspace, signal } = context;
    const { bytes, count } = replaceIn(await readText(workspace, input.path), input, context);
    signal.throwIfAborted();
    await workspace.write(input.path, bytes);
    return `Changed ${input.path} (${count === 1 ? "1 place" : `${count} places`})`;
  },
});

/** Works on bytes: what is no valid UTF-8 elsewhere in the file stays as it is. */
function replaceIn(
  file: Buffer,
  input: Edit,
  { restore }: ToolContext,
): { bytes: Buffer; count: number } {
  const path = showPath(input.path);
  for (const form of formsOf(file, input, restore)) {
    const places = findAll(file, form.old);
    if (places.length === 0) continue;
    if (places.length > 1 && input.all !== true) {
      const lines = places.slice(0, MAX_PLACES_SHOWN).map((place) => lineOf(file, place));
      throw new Fault("EDIT_AMBIGUOUS", { path, count: places.length, lines: lines.join(", ") });
    }
    const sizeBytes = file.length + places.length * (form.new.length - form.old.length);
    if (sizeBytes > MAX_FILE_BYTES) throw tooLarge(path);
    return { bytes: splice(file, places, form), count: places.length };
  }
  throw new Fault("EDIT_NO_MATCH", { path, nearest: nearestLines(toLines(file), input.old) });
}

const MAX_PLACES_SHOWN = 8;

type Form = { old: Buffer; new: Buffer };

/** As the model wrote it, then as it meant it: neutralised tokens restored, line ends as the file has them. */
function formsOf(file: Buffer, input: Edit, restore = (text: string) => text): Form[] {
  const crlf = file.includes("\r\n") && !/(?<!\r)\n/.test(file.toString("latin1"));
  const ends = (text: string) => Buffer.from(crlf ? text.replaceAll(/\r?\n/g, "\r\n") : text);
  const asWritten = { old: ends(input.old), new: ends(input.new) };
  const asMeant = { old: ends(restore(input.old)), new: ends(restore(input.new)) };
  return asMeant.old.equals(asWritten.old) ? [{ ...asMeant }] : [asWritten, asMeant];
}

function findAll(file: Buffer, part: Buffer): number[] {
  const places: number[] = [];
  for (let at = file.indexOf(part); at !== -1; at = file.indexOf(part, at + part.length)) {
    places.push(at);
  }
  return places;
}

/** Into one piece of memory: a part for each of a million places would be more than the gateway has. */
function splice(file: Buffer, places: readonly number[], { old, new: text }: Form): Buffer {
  const bytes = Buffer.allocUnsafe(file.length + places.length * (text.length - old.length));
  let from = 0;
  let end = 0;
  for (const place of places) {
    end += file.copy(bytes, end, from, place);
    end += text.copy(bytes, end);
    from = place + old.length;
  }
  file.copy(bytes, end, from);
  return bytes;
}

const lineOf = (file: Buffer, place: number) =>
  file.toString("latin1", 0, place).split("\n").length;
