/**
 * Watches over a thread while it reads a document: one can make the program that reads it turn for ever, or take
 * all the memory there is.
 */

import type { Clock } from "../base/clock.ts";

export interface Watch {
  /** The document that is being read. */
  readonly path: string | undefined;
  /** It was begun, or gets on. */
  sees(path: string): void;
  /** None is being read. */
  rests(): void;
}

export type WatchDeps = {
  clock: Clock;
  /** How long a document may take, and a page of one that has pages. */
  patienceMs: number;
  /** What this process holds. */
  memoryBytes: () => number;
  /** Called once for each document that goes too far, with what it does. */
  onTooMuch: (why: string) => void;
};

/** Half of it is the most that an honest document took. */
const MAX_SWELL_BYTES = 1024 * 1024 * 1024;
/** What a bomb takes in the meantime is some 100 MB. */
const LOOK_MS = 200;

export function createWatch(deps: WatchDeps, signal: AbortSignal): Watch {
  const { clock, patienceMs, memoryBytes, onTooMuch } = deps;
  let reading: { path: string; atMs: number; heldBytes: number } | undefined;
  let watching = false;

  async function watch(): Promise<void> {
    for (;;) {
      await clock.sleep(LOOK_MS, signal);
      if (!reading) break;
      const isSilent = clock.elapsedMs() - reading.atMs > patienceMs;
      const isSwollen = memoryBytes() - reading.heldBytes > MAX_SWELL_BYTES;
      if (isSilent) onTooMuch(`it takes longer than ${patienceMs / 1000} s to read`);
      else if (isSwollen) onTooMuch("it takes too much memory to read");
    }
    watching = false;
  }

  return {
    get path() {
      return reading?.path;
    },
    sees(path) {
      const heldBytes = reading?.path === path ? reading.heldBytes : memoryBytes();
      reading = { path, atMs: clock.elapsedMs(), heldBytes };
      if (watching) return;
      watching = true;
      watch().catch(() => {}); // the gateway is stopping
    },
    rests() {
      reading = undefined;
    },
  };
}
