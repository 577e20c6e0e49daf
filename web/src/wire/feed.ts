/**
 * One event stream for all tabs of this browser: HTTP/1.1 gives a page six connections to one host, so ten
 * tabs with a stream each would stand still. The tab that holds a Web Lock reads, and tells the others
 * over a BroadcastChannel; when it closes, the next one goes on from the last cursor.
 */

import type { AppEvent } from "../../../src/protocol/event.ts";
import type { LinkState, StreamDeps } from "./stream.ts";
import { followStream } from "./stream.ts";

type Shared =
  | { kind: "event"; cursor: string; event: AppEvent }
  | { kind: "link"; link: LinkState; cursor: string | null }
  /** The stream began anew: fetch what is shown. */
  | { kind: "fresh" }
  /** Is anybody reading? The reader answers with `link`. */
  | { kind: "ask" }
  | { kind: "retry" };

export interface FeedDeps {
  events: StreamDeps["events"];
  /** Undefined outside a secure context (plain HTTP on a LAN): then each tab reads for itself. */
  locks: LockManager | undefined;
  channel: Pick<BroadcastChannel, "postMessage" | "addEventListener">;
  now(): number;
  onLink(link: LinkState): void;
  onFresh(): void;
  onEvent(cursor: string, event: AppEvent): void;
}

export interface Feed {
  /** Begins; runs until the signal aborts. Called once. */
  start(signal: AbortSignal): void;
  /** Connect now instead of at the end of the wait. */
  retry(): void;
  /** Make sure that somebody reads: called when this tab comes to the front. */
  check(): void;
}

const LOCK = "isopod-events";
/** A reader that a browser put to sleep does not answer; one that is awake does within milliseconds. */
const ANSWER_MS = 2_000;

export function createFeed(deps: FeedDeps): Feed {
  let link: LinkState = { state: "connecting" };
  let cursor: string | null = null;
  let hasFetched = false;
  let isReader = false;
  let wake: () => void = () => undefined;
  let unanswered: ReturnType<typeof setTimeout> | undefined;
  let lead: (steal: boolean) => void = () => undefined;

  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a BroadcastChannel has none: it is of this origin
  const share = (message: Shared) => deps.channel.postMessage(message);
  const setLink = (next: LinkState) => {
    link = next;
    deps.onLink(link);
  };
  const fetchAnew = () => {
    hasFetched = true;
    deps.onFresh();
  };
  const take = (message: Shared) => {
    switch (message.kind) {
      case "event":
        cursor = message.cursor;
        return message.event.type === "resync"
          ? fetchAnew()
          : deps.onEvent(message.cursor, message.event);
      case "link":
        clearTimeout(unanswered);
        cursor = message.cursor ?? cursor;
        setLink(message.link);
        return message.link.state === "open" && !hasFetched ? fetchAnew() : undefined;
      case "fresh":
        return fetchAnew();
      case "ask":
        return isReader ? share({ kind: "link", link, cursor }) : undefined;
      case "retry":
        return wake();
    }
  };
  const both = (message: Shared) => {
    share(message);
    take(message);
  };

  const read = async (signal: AbortSignal) => {
    isReader = true;
    both({ kind: "link", link: { state: "connecting" }, cursor });
    const streamDeps: StreamDeps = {
      events: deps.events,
      now: deps.now,
      onOpen: (fresh) => {
        if (fresh) both({ kind: "fresh" });
        both({ kind: "link", link: { state: "open" }, cursor });
      },
      onEvent: (cursor, event) => both({ kind: "event", cursor, event }),
      onLost: (retryAt) => both({ kind: "link", link: { state: "lost", retryAt }, cursor }),
      wait: (ms, signal) =>
        new Promise((resolve) => {
          const timer = setTimeout(resolve, ms);
          wake = () => {
            clearTimeout(timer);
            resolve();
          };
          signal.addEventListener("abort", wake, { once: true });
        }),
    };
    await followStream(streamDeps, cursor, signal);
    isReader = false;
  };

  return {
    start(signal) {
      deps.channel.addEventListener("message", (event) => {
        // Only this file posts to this channel.
        if (!signal.aborted) take(event.data as Shared);
      });
      lead = (steal) => void holdLock({ locks: deps.locks, steal, read, again: lead }, signal);
      lead(false);
      this.check();
    },
    retry: () => (isReader ? wake() : share({ kind: "retry" })),
    check() {
      if (isReader || !deps.locks) return;
      clearTimeout(unanswered);
      unanswered = setTimeout(() => lead(true), ANSWER_MS);
      share({ kind: "ask" });
    },
  };
}

async function holdLock(
  deps: {
    locks: LockManager | undefined;
    steal: boolean;
    read(signal: AbortSignal): Promise<void>;
    again(steal: boolean): void;
  },
  signal: AbortSignal,
): Promise<void> {
  if (!deps.locks) return deps.read(signal);
  const stolen = new AbortController();
  const stop = AbortSignal.any([signal, stolen.signal]);
  try {
    const options = deps.steal ? { steal: true } : { signal };
    await deps.locks.request(LOCK, options, () => deps.read(stop));
  } catch {
    // Another tab took the lock because this one slept. Stand in line again, as one who listens.
    stolen.abort();
    if (!signal.aborted) deps.again(false);
  }
}
