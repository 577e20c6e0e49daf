/** How each server has done lately: the breakers, fed by the chats themselves. Nobody is pinged. */

import type { Clock } from "../../base/clock.ts";
import type { Fault } from "../../base/fault.ts";
import { afterFailure, type Breaker, CLOSED, isOpen, isServerFailure } from "./breaker.ts";

export interface Health {
  /** Whether it has failed so often that others go first. */
  isPoor(id: string): boolean;
  /** What happened to a request: a fault, or undefined when it went well. */
  record(id: string, fault: Fault | undefined): void;
}

export function createHealth(clock: Clock): Health {
  const breakers = new Map<string, Breaker>();
  const of = (id: string) => breakers.get(id) ?? CLOSED;
  return {
    isPoor: (id) => isOpen(of(id), clock.elapsedMs()),
    record(id, fault) {
      if (!fault) breakers.delete(id);
      else if (isServerFailure(fault.code)) {
        breakers.set(id, afterFailure(of(id), clock.elapsedMs()));
      }
    },
  };
}
