/**
 * A provider as the rest of the gateway gets it: with a queue before it, limits on its time, and an ear
 * for how its chats end. One generator does all three, because each costs every token three microtasks.
 */

import type { Clock } from "../../base/clock.ts";
import { Fault } from "../../base/fault.ts";
import type { ChatEvent, ChatRequest, Provider } from "../provider.ts";
import { attendedEmbed } from "./attended-embed.ts";
import { createWatch, type Timeouts } from "../timeouts.ts";
import type { Ear } from "../watch.ts";
import { toPlausible } from "./plausible.ts";
import type { Sending } from "./sending.ts";
import type { Scheduler } from "./scheduler.ts";
import { waitInLine } from "./wait-in-line.ts";

export type Attendance = {
  scheduler: Scheduler;
  timeouts: Timeouts;
  clock: Clock;
  /** A chat goes out; what it returns is called once, when the chat is over, however it ended. */
  onBegin?: () => () => void;
  /** Hears how each chat ended: with a fault, or with undefined when well. An abort says nothing. */
  onEnd: (fault: Fault | undefined) => void;
  /** Hears of every request, and may forbid it. */
  ear?: Ear;
};

/**
 * The same provider, whose chats take their turn (one that is never read takes none) and throw
 * `MODEL_TIMEOUT`; time that the reader takes is not counted. What runs in the background is held back until
 * it is whole, since it is stopped and begun anew when a person comes; a live one gets `MODEL_GAVE_WAY`.
 */
export function attended(provider: Provider, attendance: Attendance): Provider {
  const { scheduler, timeouts, clock, ear, onEnd, onBegin = () => () => {} } = attendance;

  async function* chat(request: ChatRequest, signal: AbortSignal): AsyncGenerator<ChatEvent> {
    const { priority = "person", model, live = false } = request;
    const settle = ear?.begins(request);
    const entry = scheduler.join({ priority, model });
    const holdsBack = priority === "background" && !live;
    const held: ChatEvent[] = [];
    try {
      for (;;) {
        const place =
          scheduler.take(entry) ?? (yield* waitInLine(provider.id, { entry, scheduler }, signal));
        const watch = createWatch(provider.id, timeouts, clock);
        const over = onBegin();
        let sending: Sending | undefined;
        try {
          sending = ear?.sends(model);
          const stops = [signal, watch.signal, place.giveWay, sending?.signal];
          for await (const given of provider.chat(request, anyOf(stops))) {
            watch.pause();
            const event = given.type === "done" ? toPlausible(given) : given;
            if (event.type === "done") {
              onEnd(undefined);
              ear?.ends(request, event);
            }
            if (holdsBack && event.type !== "progress") held.push(event);
            else yield event;
            watch.resume(event);
          }
          break;
        } catch (error) {
          // What was stopped after `done` was the tail of an answer that is whole.
          const ours = [watch.signal, place.giveWay, sending?.signal];
          const byUs = ours.some((stop) => stop?.aborted && stop.reason === error);
          if (watch.finished && byUs && !signal.aborted) break;
          if (!place.giveWay?.aborted || signal.aborted) {
            if (error instanceof Fault && !signal.aborted) onEnd(error);
            throw error;
          }
          if (!holdsBack)
            throw new Fault("MODEL_GAVE_WAY", { provider: provider.id }, { cause: error });
          held.length = 0;
        } finally {
          watch.end();
          over();
          sending?.over();
          place.leave();
        }
      }
      yield* held;
    } finally {
      settle?.();
    }
  }

  return { ...provider, chat, ...attendedEmbed(provider, attendance) };
}

const anyOf = (stops: readonly (AbortSignal | undefined)[]) =>
  AbortSignal.any(stops.filter((stop) => stop !== undefined));
