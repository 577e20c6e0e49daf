/**
 * Whether a server is worth asking first. Pure: a state and what happened give the next state. An open
 * breaker only moves a server to the end of the route; it never leaves a person without an answer.
 */

export type Breaker = {
  /** In a row. */
  failures: number;
  /** Asked last until then, ms of the clock that never jumps. */
  openUntilMs: number;
};

export const CLOSED: Breaker = { failures: 0, openUntilMs: 0 };

/** One failure may be chance, and two a restart; the third is a state. */
const FAILURES_TO_OPEN = 3;
/** Long enough for a server to load a model again; doubled with each further failure. */
const OPEN_MS = 30_000;
/** A server that comes back is found again within five minutes. */
const MAX_OPEN_MS = 300_000;

export function afterFailure({ failures }: Breaker, nowMs: number): Breaker {
  const inARow = failures + 1;
  if (inARow < FAILURES_TO_OPEN) return { failures: inARow, openUntilMs: 0 };
  const openMs = Math.min(OPEN_MS * 2 ** (inARow - FAILURES_TO_OPEN), MAX_OPEN_MS);
  return { failures: inARow, openUntilMs: nowMs + openMs };
}

export const isOpen = ({ openUntilMs }: Breaker, nowMs: number) => nowMs < openUntilMs;

/**
 * Failures of the server, by code; what is wrong with one request (its model, its length, its tools,
 * a person's stop) says nothing about the next.
 */
const COUNTED = new Set([
  "MODEL_UNREACHABLE",
  "MODEL_REFUSED",
  "MODEL_BUSY",
  "MODEL_GARBLED",
  "MODEL_STREAM_CUT",
  "MODEL_TIMEOUT",
]);

export const isServerFailure = (code: string) => COUNTED.has(code);
