/**
 * One `/api/events` stream (server-sent events, https://html.spec.whatwg.org/multipage/server-sent-events.html).
 * Frames are made when the reader has room, never before: what a slow reader missed in the meantime is
 * taken from the hub's ring, with adjacent deltas of one turn joined into one.
 */

import type { Clock } from "../../base/clock.ts";
import { createOutlet } from "../../base/outlet.ts";
import { createPacer } from "../../base/pacer.ts";
import type { AppEvent } from "../../protocol/event.ts";
import type { Hub, Placed } from "../hub.ts";

export type EventStreamOptions = {
  hub: Hub;
  clock: Clock;
  person: string;
  /** The cursor to go on from; from now on without one. */
  after: string | undefined;
  /** Called once, when the stream is over for whatever reason. */
  ended: () => void;
};

/** Under the 30 s after which common proxies and mobile networks drop a silent connection. */
const HEARTBEAT_MS = 15_000;
/** Nothing read for so long: the reader sleeps or is gone. It comes back with its cursor. */
const STALLED_MS = 60_000;
/** A comment: keeps the connection alive and says nothing. */
const COMMENT = ":\n\n";

/** The signal aborts when the caller hangs up or its credential is revoked; the stream then ends. */
export function createEventStream(
  { hub, clock, person, after, ended }: EventStreamOptions,
  signal: AbortSignal,
): ReadableStream<Uint8Array> {
  const over = new AbortController();
  const flush = () => {
    while (outlet.hasRoom()) {
      const events = follower.take();
      if (events.length === 0) return;
      outlet.send(joinDeltas(events).map(toFrame).join(""));
    }
  };
  const elapsedMs = () => clock.elapsedMs();
  const wake = createPacer(flush, elapsedMs).soon;
  const end = () => {
    if (over.signal.aborted) return;
    over.abort();
    signal.removeEventListener("abort", end);
    follower.close();
    outlet.close();
    ended();
  };
  const outlet = createOutlet({ elapsedMs, onRoom: wake, onGone: end });
  const follower = hub.follow(person, after, wake);
  // A first byte at once, so that proxies pass the head on and the reader knows that it is connected.
  outlet.send(COMMENT);
  wake();
  if (signal.aborted) end();
  else signal.addEventListener("abort", end, { once: true });
  const beat = async () => {
    while (outlet.stalledMs() < STALLED_MS) {
      await clock.sleep(HEARTBEAT_MS, over.signal);
      if (outlet.hasRoom()) outlet.send(COMMENT);
    }
    end();
  };
  beat().catch(() => {
    // Only the sleep rejects, and only because the stream is over.
  });
  return outlet.stream;
}

/**
 * Joins runs of text (or of reasoning) of one turn; the joined one stands at the cursor of its last. Never
 * over a seam: a browser's tabs share a stream, and one of them may have read a session as of that cursor.
 */
export function joinDeltas(events: readonly Placed[]): Placed[] {
  const joined: Placed[] = [];
  for (const next of events) {
    const last = joined.at(-1);
    const event = last && !last.seam && join(last.event, next.event);
    if (event) joined[joined.length - 1] = { ...next, event };
    else joined.push(next);
  }
  return joined;
}

function join(a: AppEvent, b: AppEvent): AppEvent | undefined {
  if (a.type !== "turn" || b.type !== "turn" || a.turn !== b.turn) return undefined;
  const [first, second] = [a.event, b.event];
  if (first.type === "text" && second.type === "text") {
    return { ...a, event: { type: "text", text: first.text + second.text } };
  }
  if (first.type === "reasoning" && second.type === "reasoning") {
    return { ...a, event: { type: "reasoning", text: first.text + second.text } };
  }
  return undefined;
}

const toFrame = ({ cursor, event }: Placed): string =>
  `id: ${cursor}\ndata: ${JSON.stringify(event)}\n\n`;
