/** The wait for a place before a server, told while it lasts: for chats, and for what a person does with models. */

import type { ChatEvent } from "../provider.ts";
import type { Entry, Place, Scheduler } from "./scheduler.ts";

type Waiting = Extract<ChatEvent, { type: "progress" }>;

/** A person's place, from the moment when it is free until what is returned is called. */
export async function* enterLine(
  provider: string,
  { scheduler, model, onBegin }: { scheduler: Scheduler; model: string; onBegin: () => () => void },
  signal: AbortSignal,
): AsyncGenerator<Waiting, () => void> {
  const entry = scheduler.join({ priority: "person", model });
  const place =
    scheduler.take(entry) ?? (yield* waitInLine(provider, { entry, scheduler }, signal));
  const over = onBegin();
  return () => {
    over();
    place.leave();
  };
}

/** Says where it stands each time that changes, until it has a place. A reader who leaves gives it back. */
export async function* waitInLine(
  provider: string,
  { entry, scheduler }: { entry: Entry; scheduler: Scheduler },
  signal: AbortSignal,
): AsyncGenerator<Waiting, Place> {
  const left = new AbortController();
  const wait = scheduler.wait(entry, AbortSignal.any([signal, left.signal]));
  let place: Place | undefined;
  let isOver = false;
  const settled = wait.then(
    (got) => {
      place = got;
      isOver = true;
    },
    () => {
      isOver = true; // whoever reads on is told below
    },
  );
  let told = "";
  let handedOver = false;
  try {
    for (;;) {
      const moved = scheduler.moved(); // before the look, so that no move is missed
      const event = toProgress(provider, scheduler.placeOf(entry));
      if (event && event.text !== told) {
        told = event.text;
        yield event;
      }
      await Promise.race([settled, moved]);
      if (!isOver) continue;
      const got = await wait;
      handedOver = true;
      return got;
    }
  } finally {
    if (!handedOver) {
      left.abort();
      void settled.then(() => place?.leave()); // it may have come in this very moment
    }
  }
}

function toProgress(provider: string, at: ReturnType<Scheduler["placeOf"]>): Waiting | undefined {
  if (!at) return undefined;
  const { position, length, seconds } = at;
  const about = seconds === undefined ? "" : `, about ${seconds} s`;
  const text = `waiting for "${provider}": place ${position} of ${length}${about}`;
  return {
    type: "progress",
    on: "queue",
    text,
    position,
    ...(seconds !== undefined && { seconds }),
  };
}
