/**
 * The ledger: what opened, started or changed, one JSON object a line, in `$ISOPOD_HOME/ledger.jsonl` and,
 * when that is full, one older file beside it. Never content. A chain of hashes runs through all lines
 * (`chain.ts`), over files and restarts.
 *
 * Lines are gathered and written together, without fsync: a power cut may cost the last moment, a crash of
 * the gateway alone at most `FLUSH_MS`.
 */

import { constants } from "node:fs";
import { open } from "node:fs/promises";

import { z } from "zod";

import type { Clock } from "../base/clock.ts";
import type { Log } from "../base/log.ts";
import { LEDGER_KINDS, type LedgerLine } from "../protocol/api.ts";
import { createLedgerFile } from "./ledger-file.ts";
import { jsonText } from "./json-text.ts";

export interface Ledger {
  /** Takes a line at once and writes it soon. Never throws: a full disk is logged and found by `doctor`. */
  append(line: Omit<LedgerLine, "at"> & { at?: number }): void;
  /** How many lines it took so far, in this run. */
  appended(): number;
  /** The last lines, oldest first, among them those not yet written. Lines cut by a crash are left out. */
  tail(limit: number): Promise<LedgerLine[]>;
  /** Writes what is still waiting. May be called twice; lines that come later are written too. */
  flush(): void;
  /** Why the last write failed, or undefined when it went well. */
  failure(): Error | undefined;
  /** Flushes and closes the file; it is opened anew when a line comes later. */
  close(): void;
}

export type LedgerOptions = {
  path: string;
  clock: Clock;
  log: Log;
  /** The size at which the file becomes the older one. */
  maxBytes?: number;
};

/** Long enough to gather the lines of a burst, short enough to be there when somebody looks. */
const FLUSH_MS = 200;

/** Some 20,000 lines; with the older file, at most twice that on disk. */
const MAX_BYTES = 4 * 1024 * 1024;

/** On a disk that stays full, later lines are dropped rather than gathered without end. */
const MAX_WAITING = 10_000;

/** Longer names are hostile or broken; a line stays a line that one can read. */
const MAX_TEXT = 300;

export function createLedger(options: LedgerOptions): Ledger {
  const { path, clock, log } = options;
  const older = olderPath(path);
  const file = createLedgerFile(path, older, options.maxBytes ?? MAX_BYTES);
  let waiting: LedgerLine[] = [];
  let taken = 0;
  let timer: NodeJS.Timeout | undefined;
  let failed: Error | undefined;

  function flush(): void {
    clearTimeout(timer);
    timer = undefined;
    if (waiting.length === 0) return;
    try {
      file.write(waiting);
      waiting = [];
      failed = undefined;
    } catch (error) {
      // The policy holds without its ledger, and people go on working; the lines wait for the next try.
      if (!failed) log.error({ path, error }, "the ledger cannot be written");
      failed = error instanceof Error ? error : new Error(String(error));
      waiting = waiting.slice(-MAX_WAITING);
    }
  }

  return {
    append(line) {
      const { purpose, host, why } = line;
      taken += 1;
      waiting.push({
        at: clock.now(),
        ...line,
        purpose: cut(purpose),
        host: cut(host),
        ...(why === undefined ? {} : { why: cut(why) }),
      });
      timer ??= setTimeout(flush, FLUSH_MS).unref();
    },
    appended: () => taken,
    async tail(limit) {
      if (limit <= 0) return [];
      const unwritten = waiting.slice();
      const written = [...(await readLedger(older)), ...(await readLedger(path))];
      return [...written, ...unwritten].slice(-limit);
    },
    flush,
    failure: () => failed,
    close() {
      flush();
      file.close();
    },
  };
}

/** The file that a full ledger was renamed to. */
export function olderPath(path: string): string {
  return path.endsWith(".jsonl") ? `${path.slice(0, -".jsonl".length)}.1.jsonl` : `${path}.1`;
}

/** All lines of one file; none where there is no such file. */
export async function readLedger(path: string): Promise<LedgerLine[]> {
  let text: string;
  try {
    const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW);
    text = await file.readFile("utf8").finally(() => file.close());
  } catch (error) {
    if (isErrno(error, "ENOENT")) return [];
    throw error;
  }
  return parseLines(text);
}

/** The lines of a piece of a ledger; what is none is left out. */
export function parseLines(text: string): LedgerLine[] {
  return text.split("\n").flatMap((line) => {
    const parsed = Line.safeParse(line);
    return parsed.success ? [parsed.data] : [];
  });
}

const cut = (text: string) => (text.length > MAX_TEXT ? `${text.slice(0, MAX_TEXT)}…` : text);

const isErrno = (error: unknown, code: string) =>
  error instanceof Error && "code" in error && error.code === code;

const Counters = z.object({
  frames: z.number(),
  requests: z.number(),
  octets: z.number(),
  loFrames: z.number(),
  loBytes: z.number(),
  chatter: z.number(),
  resent: z.number(),
});

const Line = jsonText.pipe(
  z.object({
    at: z.number(),
    kind: z.enum(LEDGER_KINDS),
    purpose: z.string(),
    host: z.string(),
    address: z.string(),
    sentBytes: z.number(),
    receivedBytes: z.number(),
    verdict: z.enum(["allowed", "blocked"]),
    why: z.string().exactOptional(),
    counters: Counters.exactOptional(),
    n: z.number().exactOptional(),
  }),
);
