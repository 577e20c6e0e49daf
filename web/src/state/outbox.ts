/**
 * Messages on their way to the gateway. Each has a key, so that one which is sent again after a cut
 * connection is still one message; a session's messages go out in the order in which they were written.
 */

import type { MessageAccepted } from "../../../src/protocol/api.ts";
import { ApiFault } from "../wire/api.ts";
import type { Attachment } from "./attachments.ts";

export type Outgoing = {
  key: string;
  session: string;
  text: string;
  images?: readonly Attachment[];
  /** "waiting": the gateway is not reached, and it will be tried again. */
  state: "sending" | "waiting" | "refused";
  fault?: ApiFault;
  /** The id that the stored message has, once that is known. */
  message?: string;
};

export interface Outbox {
  /** Takes a message in; it is listed from this moment until `arrived` names it. */
  send(session: string, text: string, images?: readonly Attachment[]): void;
  /** Tries a refused message once more, with the same key. */
  retry(key: string): void;
  /** Takes a message out and returns it. */
  withdraw(key: string): { text: string; images: readonly Attachment[] };
  /** A user's message was stored: it is no longer on its way. */
  arrived(session: string, message: { id: string; text: string }): void;
  /** Messages were fetched anew: forgets those that turned out to be stored. */
  settle(): void;
  /** A session is gone, and what was meant for it with it. */
  forget(session: string): void;
  list(): readonly Outgoing[];
}

export interface OutboxDeps {
  post(
    session: string,
    message: { text: string; images?: Attachment[]; key: string },
  ): Promise<MessageAccepted>;
  /** Resolves when it is time for another try. */
  wait(failures: number): Promise<void>;
  newKey(): string;
  /** Whether the page already shows this stored message, or shows another session. */
  isShown(session: string, message: string): boolean;
  onChange(list: readonly Outgoing[]): void;
  /** What an earlier life of this tab had not sent yet. */
  initial: readonly Outgoing[];
}

export function createOutbox(deps: OutboxDeps): Outbox {
  let list: readonly Outgoing[] = deps.initial.map(toSending);
  const working = new Set<string>();

  const set = (next: readonly Outgoing[]) => {
    list = next;
    deps.onChange(list);
  };
  const change = (key: string, to: (outgoing: Outgoing) => Outgoing) =>
    set(list.map((outgoing) => (outgoing.key === key ? to(outgoing) : outgoing)));
  const remove = (key: string) => set(list.filter((outgoing) => outgoing.key !== key));
  const nextOf = (session: string) =>
    list.find((item) => item.session === session && !item.message && item.state !== "refused");

  const deliver = async (item: Outgoing, failures: number): Promise<void> => {
    const { key, session, text, images = [] } = item;
    try {
      const message = images.length > 0 ? { text, images: [...images], key } : { text, key };
      const accepted = await deps.post(session, message);
      if (deps.isShown(session, accepted.message)) return remove(key);
      change(key, (item) => ({ ...item, state: "sending", message: accepted.message }));
    } catch (error) {
      // The gateway was reached and said no: a person decides what becomes of the text.
      if (error instanceof ApiFault) {
        change(key, (item) => ({ ...item, state: "refused", fault: error }));
        return;
      }
      change(key, (item) => ({ ...item, state: "waiting" }));
      await deps.wait(failures);
    }
  };
  const work = async (session: string) => {
    if (working.has(session)) return;
    working.add(session);
    let failures = 0;
    for (let item = nextOf(session); item; item = nextOf(session)) {
      await deliver(item, failures);
      failures = list.some(({ key, state }) => key === item.key && state === "waiting")
        ? failures + 1
        : 0;
    }
    working.delete(session);
  };

  for (const { session } of list) void work(session);

  return {
    send(session, text, images = []) {
      const item: Outgoing = { key: deps.newKey(), session, text, state: "sending" };
      set([...list, images.length > 0 ? { ...item, images } : item]);
      void work(session);
    },
    retry(key) {
      const session = list.find((item) => item.key === key)?.session;
      change(key, toSending);
      if (session) void work(session);
    },
    withdraw(key) {
      const { text = "", images = [] } = list.find((item) => item.key === key) ?? {};
      remove(key);
      return { text, images };
    },
    arrived(session, { id, text }) {
      const mine = list.filter((item) => item.session === session);
      // The event can overtake the answer of the request: then the text tells which one it is.
      const found =
        mine.find((item) => item.message === id) ??
        mine.find((item) => !item.message && item.state !== "refused" && item.text === text);
      if (found) remove(found.key);
    },
    settle: () =>
      set(list.filter(({ session, message }) => !message || !deps.isShown(session, message))),
    forget: (session) => set(list.filter((item) => item.session !== session)),
    list: () => list,
  };
}

/** As it was written, to be sent from the start. */
const toSending = ({ key, session, text, images }: Outgoing): Outgoing => ({
  key,
  session,
  text,
  ...(images && { images }),
  state: "sending",
});
