/** How often a server died, and how long to wait before it is started again. */

import type { Clock } from "../../base/clock.ts";

/** After a death: 1 s, 2 s, 4 s, … up to half a minute. */
const FIRST_PAUSE_MS = 1_000;
const MAX_PAUSE_MS = 30_000;
/** One that ran so long has not died of its start: it counts from the beginning again. */
const HEALTHY_MS = 600_000;

export function createBackOff(clock: Clock) {
  let deaths = 0;
  let lastMs = 0;
  return {
    get deaths() {
      return deaths;
    },
    died(ranMs: number): void {
      deaths = ranMs >= HEALTHY_MS ? 1 : deaths + 1;
      lastMs = clock.elapsedMs();
    },
    /** From now on; 0 where it may be started at once. */
    pauseMs(): number {
      if (deaths === 0) return 0;
      const pauseMs = Math.min(FIRST_PAUSE_MS * 2 ** (deaths - 1), MAX_PAUSE_MS);
      return Math.max(0, lastMs + pauseMs - clock.elapsedMs());
    },
    forget(): void {
      deaths = 0;
    },
  };
}
