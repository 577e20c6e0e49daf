/**
 * A provider as the rest of the gateway gets it: with a queue before it, limits on its time, and an ear
 * for how its chats end. One generator does all three, because each costs every token three microtasks.
 */

import type { Clock } from "../../base/clock.ts";
import { Fault } from "../../base/fault.ts";
import type { ChatEvent, ChatRequest, Provider } from "../provider.ts";
import type { Scheduler } from "./scheduler.ts";
import { createWatch, type Timeouts } from "../timeouts.ts";

export type Attendance = {
  scheduler: Scheduler;
  timeouts: Timeouts;
  clock: Clock;
  /** Hears how each chat ended: with a fault, or with undefined when well. An abort says nothing. */
  onEnd: (fault: Fault | undefined) => void;
};

/**
 * The same provider, whose chats take their turn (one that is never read takes none) and throw
 * `MODEL_TIMEOUT`; time that the reader takes is not counted.
 */
export function attended(provider: Provider, attendance: Attendance): Provider {
  const { scheduler, timeouts, clock, onEnd } = attendance;

  async function* chat(request: ChatRequest, signal: AbortSignal): AsyncGenerator<ChatEvent> {
    const turn = scheduler.enter(request.priority ?? "person", signal);
    if (turn) {
      const text = `waiting for "${provider.id}", ${scheduler.waiting} in line`;
      yield* waitFor(turn, { type: "progress", on: "queue", text }, scheduler);
    }
    const watch = createWatch(provider.id, timeouts, clock);
    try {
      for await (const event of provider.chat(request, AbortSignal.any([signal, watch.signal]))) {
        watch.pause();
        if (event.type === "done") onEnd(undefined);
        yield event;
        watch.resume(event);
      }
    } catch (error) {
      // What the watch stopped after `done` was the tail of an answer that is whole.
      if (watch.finished && error === watch.signal.reason) return;
      if (error instanceof Fault && !signal.aborted) onEnd(error);
      throw error;
    } finally {
      watch.end();
      scheduler.leave();
    }
  }

  return { ...provider, chat };
}

/** Says that it waits, then waits. A reader who leaves at the first event gives its place back. */
async function* waitFor(turn: Promise<void>, event: ChatEvent, scheduler: Scheduler) {
  // An abort may come before anybody awaits it; whoever reads on is told then.
  turn.catch(() => undefined);
  let told = false;
  try {
    yield event;
    told = true;
  } finally {
    if (!told) void turn.then(scheduler.leave, () => undefined);
  }
  await turn;
}
