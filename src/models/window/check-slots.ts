/** Whether two conversations that take turns push each other out of the server's cache. */

import type { Candidate } from "../candidate.ts";
import type { ChatDone } from "../watch.ts";
import { askOnce, unlessTooLong } from "./check-window.ts";
import { canaryText } from "./canary.ts";

export type SlotsCheck =
  | { state: "kept" | "evicted"; keptShare: number }
  | { state: "unknown"; why: string };

/** Long enough that reading it again is told from overhead, short enough to be read in seconds. */
const WORDS = 320;
/** Of what could be kept. A server that keeps keeps nearly all. */
const KEPT_SHARE = 0.6;

/** Throws as `Provider.chat` does. */
export async function checkSlots(candidate: Candidate, signal: AbortSignal): Promise<SlotsCheck> {
  const openings = ["ant", "bee"].map((name) =>
    canaryText({ head: `${name}-${candidate.contextTokens}`, tail: name }, WORDS),
  );
  // Two that share nothing: each begins with a word of its own.
  const [mine = "", theirs = ""] = openings.map(
    (text, at) => `${at === 0 ? "Ants" : "Bees"}. ${text}`,
  );
  const asked = await unlessTooLong(async () => {
    const first = await askOnce(candidate, mine, signal);
    await askOnce(candidate, theirs, signal);
    const again = await askOnce(candidate, [mine, first.said || "ok", "Once more."], signal);
    return { first, again };
  });
  if (!asked) return { state: "unknown", why: "its window is too small for two conversations" };
  const kept = keptShare(asked.first.done, asked.again.done);
  if (kept === undefined) {
    return {
      state: "unknown",
      why: "its server does not say what it had in its cache, nor how long it read",
    };
  }
  return { state: kept >= KEPT_SHARE ? "kept" : "evicted", keptShare: kept };
}

/** How much of the first prompt was still there; from counts, else from times. */
function keptShare(first: ChatDone, again: ChatDone): number | undefined {
  const had = first.usage.inputTokens;
  const { cachedTokens, inputTokens } = again.usage;
  if (had === 0) return undefined;
  const read = again.timings?.promptTokens;
  const cached = cachedTokens ?? (read === undefined ? undefined : inputTokens - read);
  if (cached !== undefined) return Math.min(1, cached / had);
  const [cold, warm] = [first.timings?.promptMs, again.timings?.promptMs];
  if (!cold || warm === undefined) return undefined;
  // Time of the part that was read again; a prompt that was kept takes hardly any.
  return Math.max(0, 1 - warm / (cold * (inputTokens / had)));
}
