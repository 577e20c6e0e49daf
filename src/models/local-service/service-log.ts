/** What a model server says: kept in a file that never grows beyond a limit, its last lines at hand. */

import { appendFileSync, mkdirSync, renameSync, statSync } from "node:fs";
import { dirname } from "node:path";

export interface ServiceLog {
  readonly path: string;
  write(bytes: Uint8Array): void;
  /** The last lines, oldest first. */
  last(): string[];
}

/** Days of an ordinary server, an hour of a talkative one; the part before is kept once. */
const MAX_BYTES = 1024 * 1024;
/** The reason stands at the end, a stack before it. */
const LAST_LINES = 12;
const MAX_LINE_LENGTH = 300;

export function createServiceLog(path: string): ServiceLog {
  let sizeBytes: number | undefined;
  let lines: string[] = [];
  let rest = "";

  function keep(bytes: Uint8Array): void {
    if (sizeBytes === undefined) {
      mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
      sizeBytes = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
    }
    if (sizeBytes + bytes.length > MAX_BYTES && sizeBytes > 0) {
      renameSync(path, `${path}.old`);
      sizeBytes = 0;
    }
    appendFileSync(path, bytes.subarray(-MAX_BYTES), { mode: 0o600 });
    sizeBytes += Math.min(bytes.length, MAX_BYTES);
  }

  return {
    path,
    write(bytes) {
      try {
        keep(bytes);
      } catch {
        // A full disk must not end the server; its last lines are at hand all the same.
      }
      const said = (rest + Buffer.from(bytes).toString()).split(/[\r\n]+/);
      rest = (said.pop() ?? "").slice(-MAX_LINE_LENGTH);
      lines = [...lines, ...said.filter((line) => line.trim() !== "")].slice(-LAST_LINES);
    },
    last: () => [...lines, rest].filter(Boolean).map(toPlain).slice(-LAST_LINES),
  };
}

/** A terminal is not to obey what a server says. */
const toPlain = (line: string) =>
  line
    .slice(0, MAX_LINE_LENGTH)
    // oxlint-disable-next-line no-control-regex -- colours and other sequences are what is taken out
    .replaceAll(/\u001b\[[0-9;]*[A-Za-z]/g, "")
    .replaceAll(/\p{Cc}/gu, " ");
