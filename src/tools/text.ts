import type { Buffer } from "node:buffer";

import { Fault } from "../base/fault.ts";
import { readWhole } from "./folder.ts";
import { showPath } from "./path.ts";
import type { Workspace } from "./workspace.ts";

/** As far as git looks for a zero byte, which no text has. */
const LOOKED_AT_BYTES = 8000;

export const isBinary = (bytes: Buffer) => bytes.subarray(0, LOOKED_AT_BYTES).includes(0);

/** The bytes of a text file. Throws `FILE_BINARY`, and what `Workspace.open` throws. */
export async function readText(workspace: Workspace, path: string): Promise<Buffer> {
  await using file = await workspace.open(path);
  const bytes = await readWhole(file, path);
  if (isBinary(bytes)) throw new Fault("FILE_BINARY", { path: showPath(path) });
  return bytes;
}

/** Lines without their ends; broken UTF-8 replaced, a byte-order mark left out. No text has no lines. */
export function toLines(bytes: Buffer): string[] {
  const text = new TextDecoder().decode(bytes);
  if (text === "") return [];
  return text
    .replace(/\n$/, "")
    .split("\n")
    .map((line) => line.replace(/\r$/, ""));
}
