/**
 * What makes a restore whole: everything is staged beside its place first, then one note says that it is, and then
 * each thing is renamed into place. Ended before the note, nothing has changed; ended after it, the next call goes on.
 */

import { existsSync, lstatSync } from "node:fs";
import { mkdir, open, readFile, rename, rm, rmdir } from "node:fs/promises";
import { dirname, join } from "node:path";

import { z } from "zod";

import { Fault } from "../../base/fault.ts";
import { syncFolder } from "../format/digest.ts";

const Step = z.object({
  /** Where it lies until then. */
  staged: z.string(),
  target: z.string(),
  /** Where what is there now goes; without it, nothing may be there. */
  aside: z.string().exactOptional(),
});
export type Step = z.infer<typeof Step>;

const Journal = z.object({
  /** The digest of the manifest. */
  bundle: z.string(),
  phase: z.enum(["staging", "switching"]),
  /** The folders in which things are staged. */
  staging: z.array(z.string()),
  steps: z.array(Step),
});
export type Journal = z.infer<typeof Journal>;

const folderOf = (home: string) => join(home, "offline");
const fileOf = (home: string) => join(folderOf(home), "restore.json");

/** Undefined where no restore is under way. Throws `BUNDLE_CORRUPT` for a note that cannot be read. */
export async function readRestoreJournal(home: string): Promise<Journal | undefined> {
  let text: string;
  try {
    text = await readFile(fileOf(home), "utf8");
  } catch (error) {
    if ((Object(error) as { code?: unknown }).code === "ENOENT") return undefined;
    throw error;
  }
  try {
    return Journal.parse(JSON.parse(text));
  } catch (cause) {
    const detail = "the note of a restore is not as it was written";
    throw new Fault("BUNDLE_CORRUPT", { what: fileOf(home), detail }, { cause });
  }
}

/** On the disk when it resolves. */
export async function writeRestoreJournal(home: string, journal: Journal): Promise<void> {
  const file = fileOf(home);
  await mkdir(folderOf(home), { recursive: true, mode: 0o700 });
  const temp = await open(`${file}.part`, "w", 0o600);
  try {
    await temp.writeFile(JSON.stringify(journal));
    await temp.sync();
  } finally {
    await temp.close();
  }
  await rename(`${file}.part`, file);
  await syncFolder(folderOf(home));
}

/** Renames what is not in place yet; may be called again after it was ended anywhere. */
export async function switchAll(home: string, { steps, staging }: Journal): Promise<void> {
  for (const { staged, target, aside } of steps) {
    if (!isThere(staged)) continue; // an earlier call did it
    await mkdir(dirname(target), { recursive: true, mode: 0o700 });
    if (aside !== undefined && isThere(target)) {
      await mkdir(dirname(aside), { recursive: true, mode: 0o700 });
      await rename(target, aside);
    }
    await rename(staged, target);
    await syncFolder(dirname(target));
  }
  await endRestore(home, staging);
}

/** Takes away what was staged, and the note. */
export async function endRestore(home: string, staging: readonly string[]): Promise<void> {
  for (const folder of staging) await rm(folder, { recursive: true, force: true });
  await rm(fileOf(home), { force: true });
  for (const folder of staging) await rmdir(dirname(folder)).catch(() => undefined); // not empty, as it should be
}

const isThere = (path: string) => lstatSync(path, { throwIfNoEntry: false }) !== undefined;

export const isRestoring = (home: string) => existsSync(fileOf(home));
