/**
 * Two frames of a screen. Text that comes in steps of this size is read as a flow, and each step costs a
 * write of the socket: at 200 tokens a second this is a sixth of the writes, at 30 it changes nothing.
 */
export const FRAME_MS = 33;

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
