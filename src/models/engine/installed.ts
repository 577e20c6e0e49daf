/** What is installed, from a note that the installer writes last: without it the rest does not count. */

import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { z } from "zod";

import { GPUS } from "./letters.ts";

const Note = z.object({
  version: z.string(),
  gpu: z.enum(GPUS),
  platform: z.string(),
  installedAt: z.number(),
  sizeBytes: z.number(),
});
export type Installed = z.infer<typeof Note>;

const fileOf = (folder: string) => join(folder, "installed.json");

/** Undefined where there is none, or an unfinished one. */
export function readInstalled(folder: string): Installed | undefined {
  try {
    return Note.parse(JSON.parse(readFileSync(fileOf(folder), "utf8")));
  } catch {
    return undefined; // nothing there, or not by us: to install it again mends both
  }
}

export const writeInstalled = (folder: string, note: Installed) =>
  writeFileSync(fileOf(folder), JSON.stringify(note), { mode: 0o600 });
