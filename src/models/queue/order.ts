/**
 * Who is next in line before a server. Pure. People go before programs, and programs before work that
 * nobody waits for; age makes up for it, so that nobody starves; and a model that is loaded is used a little
 * longer, so that the server does not load two in turns.
 */

export const PRIORITIES = ["person", "api", "background"] as const;
/** Somebody who looks at the screen; a program over `/v1`; heartbeats, jobs, titles, indexing. */
export type Priority = (typeof PRIORITIES)[number];

export type Waiting = {
  priority: Priority;
  model: string;
  /** When it came for the first time, ms of the clock that never jumps. */
  sinceMs: number;
  /** How often a later one went first because its model was loaded. */
  overtaken: number;
};

/**
 * A request goes before all that came so much later. Half a minute is what a program's own timeouts bear;
 * five minutes are several answers of a slow machine, and a heartbeat that is so late does no harm.
 */
const HEAD_START_MS: Record<Priority, number> = { person: 0, api: 30_000, background: 300_000 };

/** To swap models takes ten seconds to minutes; more than so many answers nobody is to wait for it. */
export const MAX_OVERTAKEN = 4;
/** And no longer than this, however short the answers are. */
const MAX_SWAP_WAIT_MS = 60_000;

const dueMs = ({ priority, sinceMs }: Waiting) => sinceMs + HEAD_START_MS[priority];
const rankOf = ({ priority }: Waiting) => PRIORITIES.indexOf(priority);

/** Whether it had waited so long by then that it went before people, and is not stopped for one either. */
export const isAged = (waiting: Waiting, startedMs: number) => dueMs(waiting) <= startedMs;

/** First one first, swaps aside. Who came first decides between equals (the sort is stable). */
export const inOrder = <T extends Waiting>(waiting: readonly T[]): T[] =>
  waiting.toSorted((a, b) => dueMs(a) - dueMs(b));

/** Who goes now, and whom that overtakes. Undefined where nobody waits. */
export function nextOf<T extends Waiting>(
  waiting: readonly T[],
  loaded: string | undefined,
  nowMs: number,
): { next: T; overtakes: T[] } | undefined {
  const line = inOrder(waiting);
  const [first] = line;
  if (!first) return undefined;
  if (loaded === undefined || first.model === loaded || !mayWait(first, nowMs)) {
    return { next: first, overtakes: [] };
  }
  for (const [at, next] of line.entries()) {
    if (next.model === loaded && rankOf(next) <= rankOf(first)) {
      return { next, overtakes: line.slice(0, at) };
    }
    if (!mayWait(next, nowMs)) break; // nobody is overtaken more often, also not beside another
  }
  return { next: first, overtakes: [] };
}

const mayWait = ({ overtaken, sinceMs }: Waiting, nowMs: number) =>
  overtaken < MAX_OVERTAKEN && nowMs - sinceMs < MAX_SWAP_WAIT_MS;
