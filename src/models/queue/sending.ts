/**
 * Requests on their way to what a narrower mode would forbid: a cloud behind an address of this machine, which
 * the guard takes for this machine. When a person narrows the mode they are cut, not only kept from beginning.
 */

import { Fault } from "../../base/fault.ts";
import { allows, type Place } from "../locality.ts";
import { checkMode, type Limits } from "../reach.ts";

export type Sending = {
  /** Ends with `MODEL_NOT_ALLOWED` once the mode does not reach it any more. */
  readonly signal: AbortSignal;
  over(): void;
};

/** Throws `MODEL_NOT_ALLOWED`. Undefined for what every mode reaches: nothing can cut it. */
export type Send = (asked: { ref: string; provider: string }, place: Place) => Sending | undefined;

export function createSend(limits: Limits): Send {
  const cuts = new Set<() => void>();
  limits.onMode?.(() => cuts.forEach((cut) => cut()));
  return (asked, place) => {
    checkMode(asked, place, limits);
    if (allows("device", place.locality)) return undefined;
    const stop = new AbortController();
    const cut = () => {
      try {
        checkMode(asked, place, limits);
      } catch (error) {
        if (!(error instanceof Fault)) throw error;
        stop.abort(error);
      }
    };
    cuts.add(cut);
    return { signal: stop.signal, over: () => void cuts.delete(cut) };
  };
}
