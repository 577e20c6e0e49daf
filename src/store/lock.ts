/**
 * One gateway to a state folder. The lock is an open transaction on a file of its own, so the kernel
 * frees it however the holder ends, kill -9 included; there is no stale lock to clear.
 *
 * Nothing else in this process may open and close `gateway.lock`: POSIX drops a process's locks on a file
 * when any of its descriptors closes.
 */

import { mkdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

import { Fault } from "../base/fault.ts";
import { makePrivateFile, toStoreFault } from "./database.ts";

export interface Lock {
  /** May be called twice. */
  release(): void;
}

/**
 * Makes the folder where there is none. Throws `STORE_LOCKED` at once when another holds it, and as
 * `refuseShared`.
 */
export function lockFolder(folder: string): Lock {
  const file = join(folder, "gateway.lock");
  let db: DatabaseSync | undefined;
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    refuseShared(folder);
    makePrivateFile(file);
    db = new DatabaseSync(file, { timeout: 0 });
    db.exec("begin exclusive");
  } catch (error) {
    db?.close();
    throw error instanceof Fault ? error : toStoreFault(file, error);
  }
  const held = db;
  return {
    release() {
      if (held.isOpen) held.close();
    },
  };
}

/**
 * Whoever can write the folder can lay down a store, a key or the address of a gateway of theirs, and read
 * all that is said from then on. Throws `STORE_EXPOSED`, or `STORE_UNREADABLE` for another user's folder.
 */
export function refuseShared(folder: string): void {
  const { uid, mode } = statSync(folder);
  const own = process.getuid?.();
  if (own !== undefined && uid !== own) {
    const detail = `the folder belongs to another user (number ${uid})`;
    throw new Fault("STORE_UNREADABLE", { file: folder, detail });
  }
  if ((mode & 0o022) === 0 || process.platform === "win32") return;
  throw new Fault("STORE_EXPOSED", {
    path: folder,
    mode: (mode & 0o777).toString(8).padStart(4, "0"),
  });
}
