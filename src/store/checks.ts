/** What `doctor` looks at in a state folder. Needs no open store: it works while a gateway runs, and where none can. */

import { constants } from "node:fs";
import { access, chmod, lstat, readdir, stat, statfs } from "node:fs/promises";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

import { Fault } from "../base/fault.ts";
import type { Check, Result } from "../protocol/check.ts";
import { readNumber, toStoreFault } from "./database.ts";
import { migrations } from "./migrations.ts";
import { storeFile } from "./sqlite.ts";

/** Below this a long answer or a migration may not fit any more. */
const FAILED_BELOW_MB = 100;
const WARN_BELOW_MB = 1_000;

export const createStoreChecks = (folder: string): Check[] => [
  permissions(folder),
  readable(folder),
  intact(folder),
  space(folder),
];

const permissions = (folder: string): Check => ({
  code: "store.permissions",
  title: "The state folder is this user's alone",
  dependsOn: [],
  async run() {
    const [exposed] = await findExposed(folder);
    if (!exposed) return ok(`only this user may open "${folder}"`);
    return failed(new Fault("STORE_EXPOSED", exposed));
  },
  async fix() {
    const exposed = await findExposed(folder);
    for (const { path, isFolder } of exposed) await chmod(path, isFolder ? 0o700 : 0o600);
    return `Took the rights of others off ${exposed.length} of the paths in "${folder}"`;
  },
});

type Exposed = { path: string; mode: string; isFolder: boolean };

/**
 * The folder itself and what lies right in it, such as the store, its log, keys and the lock. Where nobody
 * else can enter, a config that an editor wrote with mode 0644 is as private as the rest.
 */
async function findExposed(folder: string): Promise<Exposed[]> {
  const own = await stat(folder).catch(() => undefined); // there is none before a first start
  if (own && (own.mode & 0o077) === 0) return [];
  const names = await readdir(folder).catch(orNone);
  const exposed: Exposed[] = [];
  for (const path of [folder, ...names.map((name) => join(folder, name))]) {
    const found = await lstat(path).catch(() => undefined); // gone meanwhile, as a log is at a close
    if (!found || found.isSymbolicLink() || (found.mode & 0o077) === 0) continue;
    // What another user owns cannot be mended from here, and inside a private folder it need not be.
    if (found.uid !== process.getuid?.()) continue;
    const mode = (found.mode & 0o777).toString(8).padStart(4, "0");
    exposed.push({ path, mode, isFolder: found.isDirectory() });
  }
  return exposed;
}

const readable = (folder: string): Check => ({
  code: "store.readable",
  title: "The store can be read and written",
  dependsOn: [],
  async run() {
    const file = storeFile(folder);
    try {
      await access(file, constants.R_OK | constants.W_OK);
      const found = withDatabase(file, (db) => readNumber(db, "user_version"));
      const known = migrations.at(-1)?.version ?? 0;
      if (found > known) return failed(new Fault("STORE_NEWER", { file, found, known }));
      return ok(`"${file}", version ${found}`);
    } catch (error) {
      if (isMissing(error)) return ok("nothing was kept yet");
      return failed(toStoreFault(file, error));
    }
  },
});

const intact = (folder: string): Check => ({
  code: "store.intact",
  title: "The store is whole",
  dependsOn: ["store.readable"],
  async run() {
    const file = storeFile(folder);
    try {
      await access(file);
      const row = withDatabase(file, (db) => db.prepare("pragma quick_check(1)").get());
      const detail = String(row?.["quick_check"]);
      if (detail === "ok") return ok("each page is as it was written");
      return failed(new Fault("STORE_UNREADABLE", { file, detail }));
    } catch (error) {
      if (isMissing(error)) return ok("nothing was kept yet");
      return failed(toStoreFault(file, error));
    }
  },
});

const space = (folder: string): Check => ({
  code: "store.space",
  title: "There is room on the disk",
  dependsOn: [],
  async run() {
    const stat = await statfs(folder).catch(() => undefined); // there is no folder before a first start
    if (!stat) return ok("nothing was kept yet");
    const freeMb = Math.floor((stat.bavail * stat.bsize) / 1e6);
    const state = decideSpace(freeMb);
    if (state === "ok") return ok(`${freeMb} MB are free`);
    return { state, fault: new Fault("STORE_SPACE_LOW", { folder, freeMb }).toJSON() };
  },
});

export function decideSpace(freeMb: number): Result["state"] {
  if (freeMb < FAILED_BELOW_MB) return "failed";
  return freeMb < WARN_BELOW_MB ? "warning" : "ok";
}

/** A connection of its own, which writes nothing. */
function withDatabase<T>(file: string, look: (db: DatabaseSync) => T): T {
  const db = new DatabaseSync(file, { readOnly: true, timeout: 1_000 });
  try {
    return look(db);
  } finally {
    db.close();
  }
}

const ok = (detail: string): Result => ({ state: "ok", detail });

/** A check reports what it looks for; anything else that is thrown is a bug and goes up. */
function failed(error: unknown): Result {
  if (error instanceof Fault) return { state: "failed", fault: error.toJSON() };
  throw error;
}

const isMissing = (error: unknown) =>
  error instanceof Error && "code" in error && error.code === "ENOENT";

function orNone(error: unknown): string[] {
  if (isMissing(error)) return [];
  throw error;
}
