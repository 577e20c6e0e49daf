/**
 * How each server has done lately: the breakers, fed by the chats themselves, and which servers take
 * connections and never answer. Nobody is pinged.
 */

import type { Clock } from "../../base/clock.ts";
import type { Fault } from "../../base/fault.ts";
import {
  afterFailure,
  afterSuccess,
  type Breaker,
  CLOSED,
  isOpen,
  isServerFailure,
  withoutTrial,
  withTrial,
} from "./breaker.ts";

export interface Health {
  /** Whether it has failed so often that others go first. */
  isPoor(id: string): boolean;
  /** A chat goes out. Call what it returns once, when the chat is over, however it ended. */
  begin(id: string): () => void;
  /** What happened to a request: a fault, or undefined when it went well. */
  record(id: string, fault: Fault | undefined): void;
  /** The same for the first question of all, which a silent server takes its time not to answer. */
  recordOpening(id: string, fault: Fault | undefined, tookMs: number): void;
  /** What a server that took seconds not to answer met then; undefined for one that answers or refuses at once. */
  silence(id: string): Silence | undefined;
}

export type Silence = {
  fault: Fault;
  /** Whether it is time to ask again, beside the turn that goes on without it. */
  due: boolean;
};

/** A refused connection fails in a millisecond and may be tried every time; this long somebody notices. */
const NOTICEABLE_MS = 1_000;
/** After so long it is asked again, doubled each time: as often as a breaker opens. */
const SILENT_MS = 30_000;
const MAX_SILENT_MS = 300_000;

export function createHealth(clock: Clock): Health {
  const breakers = new Map<string, Breaker>();
  const silent = new Map<string, { fault: Fault; untilMs: number; times: number }>();
  const of = (id: string) => breakers.get(id) ?? CLOSED;
  const change = (id: string, next: (breaker: Breaker) => Breaker) =>
    void breakers.set(id, next(of(id)));

  const record: Health["record"] = (id, fault) => {
    if (!fault) change(id, afterSuccess);
    else if (isServerFailure(fault.code)) {
      change(id, (breaker) => afterFailure(breaker, clock.elapsedMs()));
    }
  };

  return {
    record,
    isPoor: (id) => isOpen(of(id), clock.elapsedMs()),
    begin(id) {
      change(id, withTrial);
      return () => change(id, withoutTrial);
    },
    recordOpening(id, fault, tookMs) {
      if (fault) record(id, fault); // that it says what it is does not mean that it can chat
      if (!fault || tookMs < NOTICEABLE_MS) return void silent.delete(id);
      const times = (silent.get(id)?.times ?? 0) + 1;
      const forMs = Math.min(SILENT_MS * 2 ** (times - 1), MAX_SILENT_MS);
      silent.set(id, { fault, times, untilMs: clock.elapsedMs() + forMs });
    },
    silence(id) {
      const known = silent.get(id);
      return known && { fault: known.fault, due: clock.elapsedMs() >= known.untilMs };
    },
  };
}
