/**
 * One gateway to a state folder. The lock is an open transaction on a file of its own, so the kernel
 * frees it however the holder ends, kill -9 included; there is no stale lock to clear.
 *
 * Nothing else in this process may open and close `gateway.lock`: POSIX drops a process's locks on a file
 * when any of its descriptors closes.
 */

import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

import { makePrivateFile, toStoreFault } from "./database.ts";

export interface Lock {
  /** May be called twice. */
  release(): void;
}

/** Makes the folder where there is none. Throws `STORE_LOCKED` at once when another holds it. */
export function lockFolder(folder: string): Lock {
  const file = join(folder, "gateway.lock");
  let db: DatabaseSync | undefined;
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    makePrivateFile(file);
    db = new DatabaseSync(file, { timeout: 0 });
    db.exec("begin exclusive");
  } catch (error) {
    db?.close();
    throw toStoreFault(file, error);
  }
  const held = db;
  return {
    release() {
      if (held.isOpen) held.close();
    },
  };
}
