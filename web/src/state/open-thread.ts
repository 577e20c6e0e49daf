/** The session that is open: its thread, what the page shows of it, and what events do to it. */

import type { ReadonlySignal } from "@preact/signals";
import { signal } from "@preact/signals";

import type { SessionDetail } from "../../../src/protocol/api.ts";
import type { AppEvent, Usage } from "../../../src/protocol/event.ts";
import { isAfter } from "../wire/cursor.ts";
import type { Thread } from "./thread.ts";
import { endTurns, foldEvent, foldMessage, isRunning, lastUsage, openThread } from "./thread.ts";
import type { ThreadView } from "./thread-view.ts";

export interface OpenThread {
  /** What fills the context window, after the newest request. */
  readonly usage: ReadonlySignal<Usage | null>;
  readonly runningTurn: ReadonlySignal<string | null>;
  /** Shows a fetched session. */
  load(detail: SessionDetail): void;
  /** Shows a session that was made this moment, and holds nothing. */
  begin(session: string): void;
  close(): void;
  apply(cursor: string, event: AppEvent): void;
  isOpen(session: string): boolean;
  hasMessage(message: string): boolean;
}

export function createOpenThread(view: ThreadView): OpenThread {
  const usage = signal<Usage | null>(null);
  const runningTurn = signal<string | null>(null);
  let thread: Thread | null = null;

  const set = (next: Thread | null) => {
    thread = next;
    view.show(next);
    usage.value = next && lastUsage(next);
    runningTurn.value = next?.turns.find(isRunning)?.id ?? null;
  };

  return {
    usage,
    runningTurn,
    load: (detail) => set(openThread(detail)),
    begin: (session) => set({ session, cursor: null, turns: [] }),
    close: () => set(null),
    apply(cursor, event) {
      if (thread && isAfter(cursor, thread.cursor)) set(foldAppEvent(thread, event));
    },
    isOpen: (session) => thread?.session === session,
    hasMessage: (message) =>
      thread?.turns.some(({ messages }) => messages.some(({ id }) => id === message)) ?? false,
  };
}

function foldAppEvent(thread: Thread, event: AppEvent): Thread {
  switch (event.type) {
    case "turn":
      return event.session === thread.session ? foldEvent(thread, event.turn, event.event) : thread;
    case "message":
      return event.session === thread.session ? foldMessage(thread, event.message) : thread;
    case "session": {
      const isAtRest = event.session.id === thread.session && !event.session.busy;
      return isAtRest ? endTurns(thread) : thread;
    }
    default:
      return thread;
  }
}
