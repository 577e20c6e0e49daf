/** How fast a download is and how long it will take, from what was done so far. */

import type { Clock } from "../../base/clock.ts";

/** A network stutters: a rate of the last moments says what to expect, one of a second jumps about. */
const WINDOW_MS = 10_000;

type Step = { doneBytes?: number; totalBytes?: number };

export function createMeter(clock: Pick<Clock, "elapsedMs">) {
  const startedMs = clock.elapsedMs();
  /** What was there when it began is not part of the rate: a resumed one would seem to fly. */
  let points: { atMs: number; bytes: number }[] = [];
  return {
    seconds: () => Math.round((clock.elapsedMs() - startedMs) / 1000),

    /** Nothing as long as there is too little to tell it from. */
    read({ doneBytes, totalBytes }: Step): { bytesPerSecond?: number; secondsLeft?: number } {
      if (doneBytes === undefined || totalBytes === undefined) return {};
      const atMs = clock.elapsedMs();
      // Another file has been begun, or one was found to be there.
      if (doneBytes < (points.at(-1)?.bytes ?? 0)) points = [];
      points = points.filter((point) => atMs - point.atMs < WINDOW_MS);
      points.push({ atMs, bytes: doneBytes });
      const [first] = points;
      if (!first || atMs - first.atMs < 1000) return {};
      const bytesPerSecond = Math.round(((doneBytes - first.bytes) * 1000) / (atMs - first.atMs));
      if (bytesPerSecond === 0) return { bytesPerSecond };
      const secondsLeft = Math.round(Math.max(0, totalBytes - doneBytes) / bytesPerSecond);
      return { bytesPerSecond, secondsLeft };
    },
  };
}
