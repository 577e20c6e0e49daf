/** Which folder a person means, and what it may not be. */

import { realpath, stat } from "node:fs/promises";
import { basename, isAbsolute, relative } from "node:path";

import { Fault } from "../base/fault.ts";
import type { DocumentFolder } from "../store/store.ts";

/** What the system shows of itself is no document, and reading some of it has effects. */
const SYSTEM = ["/proc", "/sys", "/dev", "/run"];

/** The real path. Throws `DOCUMENTS_MISSING`, `DOCUMENTS_REFUSED`. */
export async function placeOf(path: string, keepOut: readonly string[]): Promise<string> {
  if (!isAbsolute(path)) throw refused(path, "the path must be absolute");
  let real: string;
  try {
    real = await realpath(path);
    if (!(await stat(real)).isDirectory()) throw refused(path, "it is no folder");
  } catch (cause) {
    if (cause instanceof Fault) throw cause;
    const detail = cause instanceof Error ? cause.message : String(cause);
    throw new Fault("DOCUMENTS_MISSING", { path, detail }, { cause });
  }
  if (real === "/") throw refused(path, "it is the whole machine");
  const system = SYSTEM.find((folder) => isWithin(real, folder));
  if (system) throw refused(path, `it lies in ${system}`);
  const own = keepOut.find((folder) => isWithin(real, folder));
  if (own) throw refused(path, "the gateway keeps its own state there");
  return real;
}

const refused = (path: string, detail: string) => new Fault("DOCUMENTS_REFUSED", { path, detail });

/** Whether a path is a folder or lies below it. */
export function isWithin(path: string, folder: string): boolean {
  const below = relative(folder, path);
  return below === "" || !(below === ".." || below.startsWith("../") || isAbsolute(below));
}

/** One of a person's folders that the other holds or lies in; itself is none. */
export const overlapOf = (path: string, folders: readonly DocumentFolder[]) =>
  folders.find(
    (one) => one.path !== path && (isWithin(path, one.path) || isWithin(one.path, path)),
  );

/** Its own, with a number where another folder of the person has it. */
export function nameFor(path: string, folders: readonly DocumentFolder[]): string {
  const taken = new Set(folders.map(({ name }) => name));
  // A slash ends it where it is cited.
  const own = basename(path)
    .replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, "_")
    .slice(0, 100);
  for (let number = 1; ; number++) {
    const name = number === 1 ? own : `${own}-${number}`;
    if (!taken.has(name)) return name;
  }
}
