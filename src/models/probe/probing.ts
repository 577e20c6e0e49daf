/** Measures what a person names, one model after the other, and tells how far it is. */

import { Fault, toFault } from "../../base/fault.ts";
import type { Log } from "../../base/log.ts";
import type { ProbeEvent, ProbeOrder } from "../../protocol/scorecard.ts";
import type { Candidate } from "../candidate.ts";
import type { Scorecards } from "./cards.ts";
import { probe, type ProbeDeps } from "./probe.ts";

export type ProbingDeps = ProbeDeps & {
  /** The model that `ref` means, or the one that answers now. Throws as `Router.route` does. */
  find: (ref: string | undefined, signal: AbortSignal) => Promise<Candidate>;
  /** All that may be asked. */
  refs: (signal: AbortSignal) => Promise<string[]>;
  cards: Pick<Scorecards, "put">;
  log: Pick<Log, "error">;
};

export interface Probing {
  /**
   * Ends with `end`. Throws what keeps a model that was named from being measured, before the first event;
   * with `all` that is an event of its own. Throws `MODEL_PROBE_RUNNING`, and the signal's reason. Whoever
   * stops reading stops the server's work.
   */
  run(order: ProbeOrder, signal: AbortSignal): AsyncGenerator<ProbeEvent>;
}

export function createProbing(deps: ProbingDeps): Probing {
  /** Two at once would make each other look slow. */
  let running: string | undefined;

  async function* run(order: ProbeOrder, signal: AbortSignal): AsyncGenerator<ProbeEvent> {
    if (running !== undefined) throw new Fault("MODEL_PROBE_RUNNING", { ref: running });
    running = order.model ?? "the first model";
    const stop = new AbortController();
    const both = AbortSignal.any([signal, stop.signal]);
    try {
      const refs = order.all ? await deps.refs(both) : [order.model];
      let measured = 0;
      for (const ref of refs) {
        if (ref !== undefined) running = ref;
        try {
          yield* measure(ref, order, both);
          measured += 1;
        } catch (error) {
          both.throwIfAborted();
          if (!order.all) throw error;
          yield { type: "failed", ref: ref ?? "", ...report(error) };
        }
      }
      yield { type: "end", measured, failed: refs.length - measured };
    } finally {
      running = undefined;
      stop.abort();
    }
  }

  async function* measure(
    ref: string | undefined,
    { full = false, paid = false }: ProbeOrder,
    signal: AbortSignal,
  ): AsyncGenerator<ProbeEvent> {
    const candidate = await deps.find(ref, signal);
    if (!paid) refuseCosts(candidate);
    const told = createTold<ProbeEvent>();
    const onProgress = (done: number, steps: number, text: string) =>
      told.add({ type: "progress", ref: candidate.ref, done, steps, text });
    const work = probe({ candidate, full, onProgress }, deps, signal).finally(told.end);
    work.catch(() => {}); // thrown below, once everything was told
    yield* told.events();
    const scorecard = await work;
    await deps.cards.put(scorecard);
    yield { type: "scorecard", scorecard };
  }

  const report = (error: unknown) =>
    toFault(error, (id, cause) => deps.log.error({ id, err: cause }, "a probe failed")).toJSON();

  return { run };
}

/** Of all that are not known to be this device's, the LAN's or the mesh's. */
function refuseCosts({ ref, locality }: Candidate): void {
  if (locality === "cloud" || locality === "unknown") {
    throw new Fault("MODEL_PROBE_COSTS", { ref, locality });
  }
}

/** From a callback to a loop. What is told while nobody reads waits; there is little of it. */
function createTold<T>() {
  let waiting: T[] = [];
  let ended = false;
  let wake = () => {};
  return {
    add: (event: T) => {
      waiting.push(event);
      wake();
    },
    end: () => {
      ended = true;
      wake();
    },
    async *events(): AsyncGenerator<T> {
      for (;;) {
        const due = waiting;
        waiting = [];
        yield* due;
        if (waiting.length > 0) continue;
        if (ended) return;
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    },
  };
}
