import { z } from "zod";

import { Fault } from "../base/fault.ts";
import { forgiving } from "./arguments.ts";
import { cutLine, OUTPUT_CHARS } from "./cut.ts";
import { readWhole } from "./folder.ts";
import { createMatcher } from "./glob.ts";
import { isBinary, toLines } from "./text.ts";
import { defineTool, type ToolContext } from "./tool.ts";
import type { Workspace } from "./workspace.ts";

/** Larger files are data; a search would spend its time there. */
const SEARCHED_FILE_BYTES = 2 * 1024 * 1024;

/** All that one search reads: some seconds' worth. */
const SEARCHED_BYTES = 256 * 1024 * 1024;

type Query = { name?: string | undefined; text?: string | undefined; path?: string | undefined };

export const find = defineTool<Query>({
  name: "find",
  description: "List files, or find them by name and by the text in them.",
  effect: "none",
  input: forgiving(
    {
      name: z.string().optional().describe("such as *.md"),
      text: z.string().optional().describe("words to look for in the files"),
      path: z.string().optional().describe("folder"),
    },
    {
      name: ["pattern", "glob", "filename"],
      text: ["query", "content", "search", "contains"],
      path: ["folder", "dir", "directory"],
    },
  ),

  async run(query, context) {
    const lines: string[] = [];
    let length = 0;
    for await (const line of search(query, context)) {
      length += line.length + 1;
      if (length > OUTPUT_CHARS) return `${lines.join("\n")}\n${MORE}`;
      lines.push(line);
    }
    return lines.length > 0 ? lines.join("\n") : nothing(query);
  },
});

const MORE = "[there is more: narrow it down with name, text or path]";

const nothing = ({ name, text }: Query) =>
  name || text ? "[nothing found]" : "[there are no files yet]";

/** A line for each file, or with `text` for each line in which it stands, in either case. */
async function* search({ name, text, path = "" }: Query, context: ToolContext) {
  const { workspace, signal } = context;
  const fits = name ? createMatcher(name) : () => true;
  let left = SEARCHED_BYTES;
  for await (const found of filesBelow(workspace, path, signal)) {
    if (found.folder) {
      if (!name && !text) yield `${showName(found.path)}/`;
      continue;
    }
    if (!fits(found.path)) continue;
    if (!text) {
      yield `${showName(found.path)} (${toSize(found.sizeBytes)})`;
      continue;
    }
    if (found.sizeBytes > SEARCHED_FILE_BYTES) continue;
    left -= found.sizeBytes;
    if (left < 0) {
      yield "[the search stopped here: too much to read; narrow it down with name or path]";
      return;
    }
    yield* linesWith(text, found.path, context);
  }
}

/** A model that looks in one file names it for the folder. */
async function* filesBelow(workspace: Workspace, path: string, signal: AbortSignal) {
  const sizeBytes = await sizeOf(workspace, path);
  if (sizeBytes === undefined) yield* workspace.walk(path, signal);
  else yield { path, sizeBytes, folder: false };
}

/** Undefined for what is no file; what is wrong with it, the walk says. */
async function sizeOf(workspace: Workspace, path: string): Promise<number | undefined> {
  try {
    await using file = await workspace.open(path);
    return (await file.stat()).size;
  } catch (error) {
    if (error instanceof Fault) return undefined;
    throw error;
  }
}

async function* linesWith(text: string, path: string, { workspace, restore }: ToolContext) {
  const wanted = (restore?.(text) ?? text).toLowerCase();
  const bytes = await readOrSkip(workspace, path);
  if (!bytes || isBinary(bytes)) return;
  for (const [at, line] of toLines(bytes).entries()) {
    if (line.toLowerCase().includes(wanted)) {
      yield `${showName(path)}:${at + 1}: ${cutLine(line.trim())}`;
    }
  }
}

/** A file that vanished, or that may not be read, is not what was looked for. */
async function readOrSkip(workspace: Workspace, path: string) {
  try {
    await using file = await workspace.open(path);
    return await readWhole(file, path);
  } catch (error) {
    if (error instanceof Fault) return undefined;
    throw error;
  }
}

/** A name with a line break in it must not look like two. */
const showName = (path: string) => path.replaceAll(/\p{Cc}/gu, "\ufffd");

const toSize = (bytes: number) =>
  bytes < 1024 ? `${bytes} bytes` : `${Math.round(bytes / 1024)} KB`;
