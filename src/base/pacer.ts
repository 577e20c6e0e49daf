/**
 * One frame of a screen. Nobody sees text that comes in smaller steps, and each step costs a write of the
 * socket: at 200 tokens a second this halves the work of a stream, at 20 it changes nothing.
 */
export const FRAME_MS = 16;

export interface Pacer {
  /** Acts in this turn of the event loop, or one frame after it last did; many calls are one act. */
  soon(): void;
}

export function createPacer(act: () => void, elapsedMs: () => number): Pacer {
  let actedAtMs = -Infinity;
  let scheduled = false;
  const run = () => {
    scheduled = false;
    actedAtMs = elapsedMs();
    act();
  };
  return {
    soon: () => {
      if (scheduled) return;
      scheduled = true;
      const waitMs = actedAtMs + FRAME_MS - elapsedMs();
      if (waitMs > 0) setTimeout(run, waitMs);
      else setImmediate(run);
    },
  };
}
