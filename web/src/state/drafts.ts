/** What was written and not sent, for each session, so that looking something up in another loses nothing. */

import type { ReadonlySignal } from "@preact/signals";
import { signal } from "@preact/signals";

export interface Drafts {
  readonly text: ReadonlySignal<string>;
  /** Grows when the text was set from outside the composer, which then takes the focus. */
  readonly handed: ReadonlySignal<number>;
  /** Shows the draft of this session; null is the session that does not exist yet. */
  open(session: string | null): void;
  write(text: string): void;
  /** Puts a text into the composer: an example, or a message taken back. */
  hand(text: string): void;
  forget(session: string): void;
}

const keyOf = (session: string | null) => `isopod.draft.${session ?? "new"}`;

export function createDrafts(storage: Storage): Drafts {
  const text = signal("");
  const handed = signal(0);
  let key = keyOf(null);

  const write = (next: string) => {
    text.value = next;
    if (next === "") storage.removeItem(key);
    else storage.setItem(key, next);
  };
  return {
    text,
    handed,
    open(session) {
      key = keyOf(session);
      text.value = storage.getItem(key) ?? "";
    },
    write,
    hand(next) {
      write(next);
      handed.value++;
    },
    forget: (session) => storage.removeItem(keyOf(session)),
  };
}
