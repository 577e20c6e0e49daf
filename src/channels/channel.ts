import type { MessageAccepted } from "../protocol/api.ts";
import type { AppEvent } from "../protocol/event.ts";
import type { Image } from "../protocol/message.ts";

/** A way people reach the agent: the app, the CLI, a messenger, a schedule. */
export interface Channel {
  readonly id: string;
  /** Begins to take messages in. Resolves once it listens. */
  start(inbox: Inbox): Promise<void>;
  /** Takes nothing more; what was accepted goes on. May be called twice. */
  stop(): Promise<void>;
}

/** The gateway's side: where a channel hands in what people write and sees what comes back. */
export interface Inbox {
  /** Resolves once the message is on disk. Throws `NOT_FOUND` for a session of somebody else. */
  submit(message: IncomingMessage): Promise<MessageAccepted>;
  /** Ends the running turn of a session, and drops those that wait. False when none ran. */
  stop(person: string, session: string): Promise<boolean>;
  /** Everything that happens to this person's sessions, from now on. Returns how to stop watching. */
  watch(person: string, listener: (event: AppEvent) => void): () => void;
}

export type IncomingMessage = {
  person: string;
  session: string;
  /** Empty where images say it all. */
  text: string;
  images?: readonly Image[];
  channel: string;
  /** The same key twice is one message. */
  key?: string;
  /** Whether somebody is there to answer an approval. Nobody there means no. */
  attended: boolean;
};
