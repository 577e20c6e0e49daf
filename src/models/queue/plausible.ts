/**
 * What a server says of its own work, as far as it can be true. Counts go into budgets, prices and the books,
 * where a fraction, 1e308 or more cached than there was would break a sum for a whole month. Pure.
 */

import type { ChatEvent, Timings } from "../provider.ts";

type Done = Extract<ChatEvent, { type: "done" }>;

/** A thousand times the largest window there is. */
const MAX_TOKENS = 1_000_000_000;
/** Longer than any limit on an answer lets it run. */
const MAX_MS = 7 * 24 * 60 * 60_000;

/** A whole number; 0 for what is none. */
export const toCount = (value: number, most = MAX_TOKENS): number =>
  value >= 0 ? Math.min(Math.round(value), most) : 0;

export function toPlausible(done: Done): Done {
  const { usage, timings } = done;
  const inputTokens = toCount(usage.inputTokens);
  const { cachedTokens, cacheWriteTokens } = usage;
  return {
    ...done,
    usage: {
      ...usage,
      inputTokens,
      outputTokens: toCount(usage.outputTokens),
      ...(cachedTokens !== undefined && { cachedTokens: toCount(cachedTokens, inputTokens) }),
      ...(cacheWriteTokens !== undefined && {
        cacheWriteTokens: toCount(cacheWriteTokens, inputTokens),
      }),
    },
    ...(timings && { timings: toPlausibleTimings(timings) }),
  };
}

/** What cannot be true is left out: a speed made of it would be none. */
function toPlausibleTimings(timings: Timings): Timings {
  const { promptTokens, ...times } = timings;
  const known = Object.entries(times).filter(([, ms]) => ms >= 0 && ms <= MAX_MS);
  return {
    ...Object.fromEntries(known),
    ...(promptTokens !== undefined && { promptTokens: toCount(promptTokens) }),
  };
}
