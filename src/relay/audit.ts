/**
 * Who asked the shared server, when and how it ended: one JSON object a line. Never what was asked or answered,
 * and no token. Two files of limited size.
 */

import { closeSync, fstatSync, openSync, renameSync, writeSync } from "node:fs";

export type AuditLine = {
  at: number;
  /** The id of the device; absent for a stranger. */
  device?: string;
  name?: string;
  peer: string;
  method: string;
  /** Of what is offered; of a stranger's path, nothing. */
  path: string;
  status: number;
  /** Of the fault that it ended in. */
  code?: string;
  sentBytes: number;
  ms: number;
};

export interface Audit {
  readonly path: string;
  /** Never throws: a full disk must not end what runs. */
  append(line: AuditLine): void;
  close(): void;
}

/** Some 20,000 lines; with the older file, twice that. */
const MAX_BYTES = 4 * 1024 * 1024;

export function createAudit(path: string, onFailure: (error: unknown) => void): Audit {
  let file: { handle: number; size: number } | undefined;
  function open() {
    if (file && file.size >= MAX_BYTES) {
      closeSync(file.handle);
      renameSync(path, `${path}.old`);
      file = undefined;
    }
    if (!file) {
      const handle = openSync(path, "a", 0o600);
      file = { handle, size: fstatSync(handle).size };
    }
    return file;
  }
  return {
    path,
    append(line) {
      try {
        const to = open();
        to.size += writeSync(to.handle, `${JSON.stringify(line)}\n`);
      } catch (error) {
        onFailure(error);
      }
    },
    close() {
      if (file) closeSync(file.handle);
      file = undefined;
    },
  };
}
