import type { Clock } from "../../base/clock.ts";
import { Fault } from "../../base/fault.ts";
import { defineRoute, type Caller, type Route } from "../../protocol/route.ts";
import type { Hub } from "../hub.ts";
import { createEventStream } from "./event-stream.ts";

export interface Streams {
  readonly route: Route;
  /** Whether this person has a stream open whose credential may approve: somebody is there. */
  isAttended(person: string): boolean;
  open(): number;
  /** Ends all of them. May be called twice. */
  close(): void;
}

/**
 * Streams of one key or device at once. A browser shares one between its tabs; a terminal opens one a chat,
 * all with the same key. Each costs a socket.
 */
const MAX_STREAMS = 32;

/** A cursor is `epoch:seq`; anything longer is not one of ours and is not kept. */
const MAX_CURSOR_LENGTH = 64;

export function createStreams({ hub, clock }: { hub: Hub; clock: Clock }): Streams {
  const callers = new Map<symbol, Caller>();
  const closing = new AbortController();

  const open = (caller: Caller, after: string | undefined, hangUp: AbortSignal): Response => {
    const mine = [...callers.values()].filter((other) => other.credential === caller.credential);
    if (mine.length >= MAX_STREAMS) throw new Fault("STREAMS_FULL", { limit: MAX_STREAMS });
    const id = Symbol(caller.credential);
    callers.set(id, caller);
    const { person } = caller;
    const ended = () => void callers.delete(id);
    const signal = AbortSignal.any([hangUp, closing.signal]);
    const stream = createEventStream({ hub, clock, person, after, ended }, signal);
    return new Response(stream, {
      headers: {
        "content-type": "text/event-stream; charset=utf-8",
        // nginx and its kin collect an answer before they pass it on, unless told not to.
        "x-accel-buffering": "no",
      },
    });
  };
  return {
    route: defineRoute({
      method: "GET",
      path: "/api/events",
      scope: "read",
      handle: async ({ caller, query, headers, signal }) => {
        // A reconnecting EventSource knows better than the URL that it was made with.
        const after = headers.get("last-event-id") ?? query.get("after") ?? undefined;
        return open(caller, after?.slice(0, MAX_CURSOR_LENGTH), signal);
      },
    }),
    isAttended: (person) =>
      [...callers.values()].some(
        (caller) => caller.person === person && caller.scopes.includes("approve"),
      ),
    open: () => callers.size,
    close: () => closing.abort(),
  };
}
