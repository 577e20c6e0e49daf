/** The ledger's file: appends to the chain, and becomes the older one when it is full. */

import {
  closeSync,
  constants,
  ftruncateSync,
  openSync,
  readFileSync,
  renameSync,
  writeSync,
} from "node:fs";

import type { LedgerLine } from "../protocol/api.ts";
import { CHAIN_START, type ChainHead, readHead, toChainLine } from "./chain.ts";

/** Throws what the system says; then nothing of these lines was written. A link in its place is not followed. */
export function createLedgerFile(path: string, older: string, maxBytes: number) {
  let opened: Opened | undefined;
  const close = () => {
    if (opened) closeSync(opened.fd);
    opened = undefined;
  };
  const reach = () => (opened ??= openFile(path, older));

  return {
    write(lines: readonly LedgerLine[]): void {
      if (reach().size >= maxBytes) {
        close();
        renameSync(path, older);
      }
      const file = reach();
      const { text, head } = chained(file, lines);
      const bytes = Buffer.from(text);
      try {
        for (let done = 0; done < bytes.length;) done += writeSync(file.fd, bytes, done);
      } catch (error) {
        try {
          ftruncateSync(file.fd, file.size); // all of these lines are written again, as a whole
        } finally {
          close(); // what is there then is read anew
        }
        throw error;
      }
      opened = { ...file, head, size: file.size + bytes.length, torn: 0, endsInMidLine: false };
    },
    close,
  };
}

type Opened = {
  fd: number;
  size: number;
  head: ChainHead;
  /** What a crash left behind the last whole line; the next line says how much it is. */
  torn: number;
  endsInMidLine: boolean;
};

function chained(file: Opened, lines: readonly LedgerLine[]): { text: string; head: ChainHead } {
  let { head } = file;
  let text = file.endsInMidLine ? "\n" : "";
  // The end of the line that we give to a torn one belongs to it.
  const torn = file.torn > 0 && file.endsInMidLine ? file.torn + 1 : file.torn;
  for (const [at, line] of lines.entries()) {
    const place = at === 0 ? { isFirst: file.size === file.torn, torn } : {};
    const next = toChainLine(head, line, place);
    text += `${next.text}\n`;
    ({ head } = next);
  }
  return { text, head };
}

/** At most 4 MiB are read, once in a run and once a file. */
function openFile(path: string, older: string): Opened {
  const { O_RDWR, O_RDONLY, O_APPEND, O_CREAT, O_NOFOLLOW } = constants;
  const fd = openSync(path, O_RDWR | O_APPEND | O_CREAT | O_NOFOLLOW, 0o600);
  const bytes = readFileSync(fd);
  const endsInMidLine = bytes.length > 0 && bytes.at(-1) !== 10;
  const found = readHead(bytes);
  if (found) return { fd, size: bytes.length, endsInMidLine, ...found };
  const head = readOlderHead() ?? CHAIN_START;
  return { fd, size: bytes.length, endsInMidLine, head, torn: bytes.length };

  function readOlderHead(): ChainHead | undefined {
    try {
      const before = openSync(older, O_RDONLY | O_NOFOLLOW);
      const end = readHead(readFileSync(before))?.head;
      closeSync(before);
      return end;
    } catch (error) {
      if (isErrno(error, "ENOENT")) return undefined;
      throw error;
    }
  }
}

const isErrno = (error: unknown, code: string) =>
  error instanceof Error && "code" in error && error.code === code;
