/** Loads a model with the context that the agent budgets, and reads back what it was really loaded with. */

import type { Clock } from "../../base/clock.ts";
import type { KeepingEvent } from "../../protocol/model-keeping.ts";
import type { Candidate } from "../candidate.ts";
import type { Server } from "../server.ts";
import type { Keeper } from "./keeper.ts";
import { toLoadedModel } from "./loaded.ts";

/** A person wants to see that something happens. */
const TICK_MS = 1_000;

/** A reason of our own for timers that end with each load: making an AbortError costs 40 µs. */
const OVER = "over";

export async function* warmUp(
  { candidate, server, keeper }: { candidate: Candidate; server: Server; keeper: Keeper },
  clock: Clock,
  signal: AbortSignal,
): AsyncGenerator<KeepingEvent> {
  const { ref, model, contextTokens, params } = candidate;
  const startedMs = clock.elapsedMs();
  const seconds = () => Math.round((clock.elapsedMs() - startedMs) / 1000);
  const embeds = model.chat === false;
  const loading = keeper.load({ model: model.id, contextTokens, params, embeds }, signal);
  const settled = loading.then(
    () => true,
    () => true, // thrown below
  );
  const over = new AbortController();
  try {
    do yield { type: "progress", text: `loading with ${contextTokens} tokens, ${seconds()} s` };
    while (!(await Promise.race([settled, tick(clock, over.signal)])));
  } finally {
    over.abort(OVER);
  }
  await loading;
  const all = await keeper.loaded(signal);
  const entry = all?.find((entry) => entry.model === model.id);
  const read = entry && toLoadedModel(entry, server, server.settable ? contextTokens : undefined);
  yield { type: "done", ref, seconds: seconds(), ...(read && { loaded: read }) };
}

const tick = (clock: Clock, signal: AbortSignal) =>
  clock.sleep(TICK_MS, signal).then(
    () => false,
    () => true, // only because the work is over
  );
