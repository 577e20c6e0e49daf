/**
 * Whether a server is worth asking first. Pure: a state and what happened give the next state. An open
 * breaker only moves a server to the end of the route; it never leaves a person without an answer.
 *
 * closed → (three failures in a row) → open → (time) → half-open: one request tries, all others still go
 * elsewhere → closed where it went well, open for longer where it did not.
 */

export type Breaker = {
  /** In a row. */
  failures: number;
  /** Asked last until then, ms of the clock that never jumps. */
  openUntilMs: number;
  /** Requests that try a half-open one just now. */
  trials: number;
};

export const CLOSED: Breaker = { failures: 0, openUntilMs: 0, trials: 0 };

/** One failure may be chance, and two a restart; the third is a state. */
const FAILURES_TO_OPEN = 3;
/** Long enough for a server to load a model again; doubled with each further failure. */
const OPEN_MS = 30_000;
/** A server that comes back is found again within five minutes. */
const MAX_OPEN_MS = 300_000;

export function afterFailure({ failures, trials }: Breaker, nowMs: number): Breaker {
  const inARow = failures + 1;
  if (inARow < FAILURES_TO_OPEN) return { failures: inARow, openUntilMs: 0, trials };
  const openMs = Math.min(OPEN_MS * 2 ** (inARow - FAILURES_TO_OPEN), MAX_OPEN_MS);
  return { failures: inARow, openUntilMs: nowMs + openMs, trials };
}

/** Well again. Trials that are still out end by themselves. */
export const afterSuccess = ({ trials }: Breaker): Breaker => ({ ...CLOSED, trials });

const hasOpened = ({ failures }: Breaker) => failures >= FAILURES_TO_OPEN;

/** Whether others go first: while it is open, and while it is half-open and somebody tries it already. */
export const isOpen = (breaker: Breaker, nowMs: number): boolean =>
  nowMs < breaker.openUntilMs || (hasOpened(breaker) && breaker.trials > 0);

/** A request goes out. */
export const withTrial = (breaker: Breaker): Breaker => ({
  ...breaker,
  trials: breaker.trials + 1,
});

/** A request is over, however it ended. */
export const withoutTrial = (breaker: Breaker): Breaker => ({
  ...breaker,
  trials: Math.max(0, breaker.trials - 1),
});

/**
 * Failures of the server, by code, also that it ran out of memory or could not load a model. What is wrong
 * with one request (its length, its tools, a person's stop) says nothing about the next.
 */
const COUNTED = new Set([
  "MODEL_UNREACHABLE",
  "MODEL_REFUSED",
  "MODEL_BUSY",
  "MODEL_GARBLED",
  "MODEL_STREAM_CUT",
  "MODEL_TIMEOUT",
  "MODEL_OUT_OF_MEMORY",
  "MODEL_LOAD_FAILED",
  "MODEL_SERVICE_FAILED",
]);

export const isServerFailure = (code: string) => COUNTED.has(code);
