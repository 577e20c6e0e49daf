/** How much one device may ask, so that a loop on one does not take the model from all the others. */

import type { Clock } from "../base/clock.ts";
import { Fault } from "../base/fault.ts";

export type Bounds = {
  /** Requests of one device at once. */
  perDevice: number;
  /** Of all devices together. */
  overall: number;
  /** Requests of one device a minute. */
  perMinute: number;
};

/**
 * A gateway asks one thing at a time for each person, and lists models by the dozen when it starts: each
 * model of an Ollama is one question, of which 32 are under way at once.
 */
export const BOUNDS: Bounds = { perDevice: 40, overall: 120, perMinute: 600 };
const MINUTE_MS = 60_000;

export interface Limits {
  /** Throws `RELAY_BUSY`. Returns what is to be called once, when the request is over. */
  enter(device: string): () => void;
  running(device: string): number;
}

export function createLimits(clock: Clock, bounds: Bounds = BOUNDS): Limits {
  const running = new Map<string, number>();
  /** What is left of each one's minute; it fills up again steadily. */
  const left = new Map<string, { tokens: number; at: number }>();
  let all = 0;

  function spend(device: string): void {
    const now = clock.elapsedMs();
    const { tokens, at } = left.get(device) ?? { tokens: bounds.perMinute, at: now };
    const filled = Math.min(bounds.perMinute, tokens + ((now - at) / MINUTE_MS) * bounds.perMinute);
    if (filled < 1) {
      const seconds = Math.ceil(MINUTE_MS / bounds.perMinute / 1000);
      const why = `this device may ask ${bounds.perMinute} times a minute`;
      throw new Fault("RELAY_BUSY", { why, seconds });
    }
    left.set(device, { tokens: filled - 1, at: now });
  }

  return {
    running: (device) => running.get(device) ?? 0,
    enter(device) {
      const own = running.get(device) ?? 0;
      const busy = (why: string) => new Fault("RELAY_BUSY", { why, seconds: 5 });
      if (own >= bounds.perDevice) throw busy(`${own} requests of this device run already`);
      if (all >= bounds.overall) throw busy(`${all} requests run already`);
      spend(device);
      running.set(device, own + 1);
      all += 1;
      let isOver = false;
      return () => {
        if (isOver) return;
        isOver = true;
        all -= 1;
        running.set(device, (running.get(device) ?? 1) - 1);
      };
    },
  };
}
