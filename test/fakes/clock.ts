/** A clock that tests own: time passes only when it is told to. */

import type { Clock } from "../../src/base/clock.ts";

export interface FakeClock extends Clock {
  /** Lets time pass in small steps, so that what wakes up can act before it goes on. */
  advance(ms: number): Promise<void>;
  /** Puts the wall clock forward or back; what is measured stays as it is. */
  turn(ms: number): void;
}

type Sleeper = { atMs: number; wake: () => void };

export function createFakeClock(startMs = 1_700_000_000_000): FakeClock {
  let nowMs = 0;
  let turnedMs = 0;
  const sleepers = new Set<Sleeper>();
  return {
    now: () => startMs + turnedMs + nowMs,
    elapsedMs: () => nowMs,
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        signal?.throwIfAborted();
        const sleeper = { atMs: nowMs + ms, wake: resolve };
        sleepers.add(sleeper);
        signal?.addEventListener(
          "abort",
          () => {
            sleepers.delete(sleeper);
            reject(signal.reason);
          },
          { once: true },
        );
      }),
    turn: (ms) => void (turnedMs += ms),
    async advance(ms) {
      const endMs = nowMs + ms;
      for (;;) {
        await settle();
        const next = Math.min(...Array.from(sleepers, ({ atMs }) => atMs));
        if (next > endMs) break;
        nowMs = Math.max(nowMs, next);
        for (const sleeper of sleepers) {
          if (sleeper.atMs > nowMs) continue;
          sleepers.delete(sleeper);
          sleeper.wake();
        }
      }
      nowMs = endMs;
      await settle();
    },
  };
}

/** What was woken, and what that wakes in turn, gets to run. */
const settle = () => new Promise<void>((resolve) => setImmediate(resolve));
