import type { Clock } from "../../base/clock.ts";

/** Calls `onIdle` once nobody has used a thing for so long; 0 minutes is never. */
export function createIdle(clock: Clock, minutes: number, onIdle: () => void) {
  let uses = 0;
  let resting = new AbortController();

  function rest(): void {
    resting.abort();
    if (uses > 0 || minutes === 0) return;
    resting = new AbortController();
    clock.sleep(minutes * 60_000, resting.signal).then(onIdle, () => undefined); // used again
  }

  return {
    /** Counts from now on. */
    rest,
    /** Counts no more. */
    end: () => resting.abort(),
    use(): () => void {
      uses += 1;
      resting.abort();
      return () => {
        uses -= 1;
        rest();
      };
    },
  };
}
