/**
 * A turn that is taken up after a restart meets a model server that may still be starting: the machine was
 * switched on, and both began at once. Such a turn waits a while, and says so, where another would fail.
 */

import type { Clock } from "../base/clock.ts";
import { Fault } from "../base/fault.ts";
import type { Candidate } from "../models/candidate.ts";

/** A server of 20 GB from a slow disk is up in two minutes; who waits longer should hear the fault. */
const MAX_WAIT_MS = 180_000;
const LOOK_EVERY_MS = 2_000;

/** What a server that is still starting looks like. */
const STARTING = new Set(["MODEL_UNREACHABLE", "MODEL_BUSY", "MODEL_NONE", "MODEL_GARBLED"]);

export type Patience = {
  clock: Clock;
  onWait: (text: string) => void;
  /** Who answered the session before; the demonstration does not take its place in silence. */
  before: string | undefined;
};

/** Throws what `route` throws last, or the signal's reason. */
export async function routePatiently(
  route: () => Promise<Candidate[]>,
  { clock, onWait, before }: Patience,
  signal: AbortSignal,
): Promise<Candidate[]> {
  const startedMs = clock.elapsedMs();
  for (;;) {
    const waitedMs = clock.elapsedMs() - startedMs;
    try {
      const candidates = await route();
      const [first] = candidates;
      const isLess = first?.demonstration && before !== undefined && before !== first.ref;
      if (!isLess || waitedMs >= MAX_WAIT_MS) return candidates;
    } catch (error) {
      const isStarting = error instanceof Fault && STARTING.has(error.code);
      if (!isStarting || waitedMs >= MAX_WAIT_MS || signal.aborted) throw error;
    }
    onWait(`waiting for the model server, ${Math.round(waitedMs / 1000)} s`);
    await clock.sleep(LOOK_EVERY_MS, signal);
  }
}
