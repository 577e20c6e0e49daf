/** Where the loop leaves what lasts. */

import { createHash } from "node:crypto";

import type { Clock } from "../base/clock.ts";
import { createId } from "../base/ids.ts";
import type { Message, ToolCall } from "../protocol/message.ts";
import type {
  Epoch,
  JournalEntry,
  Store,
  StoredMessage,
  StoredUsage,
  Turn,
} from "../store/store.ts";
import type { Entry } from "./history.ts";

export interface Recorder {
  /** Begins to write; the entries can be used at once. */
  append(messages: readonly Message[]): Entry[];
  usage(used: Used): void;
  /** The number of the session's epoch; 0 for a session that is kept nowhere. */
  epoch(): number;
  /** Something people should read later as well. */
  note(note: { code: string; text: string }): void;
  /** A new head for what follows. */
  beginEpoch(epoch: NewEpoch): void;
  /** Resolves once everything so far is on disk; throws what kept it from there. */
  settled(): Promise<void>;

  /** What was journalled of a call before a crash; undefined when it was never started. */
  started(call: ToolCall): Promise<JournalEntry | undefined>;
  /** On disk before it resolves, and everything appended before with it. */
  start(call: ToolCall, entry: { before: string; approvedBy?: string | undefined }): Promise<void>;
  finish(call: ToolCall, ok: boolean): void;
}

/** One request and what it took. */
export type Used = Omit<StoredUsage, "session" | "turn" | "at">;

export type NewEpoch = Pick<Epoch, "why" | "system" | "toolsJson" | "firstMessage"> & {
  preface: readonly Message[];
};

export type RecorderDeps = {
  store: Store;
  clock: Clock;
  turn: Turn;
  /** The model of the session's epoch, and its number so far; 0 before the first. */
  epoch: { model: string; number: number };
  /** Called when a message is made; what it returns is called once that message is on disk, in order. */
  onAppend: (message: StoredMessage) => () => void;
  onEpoch: (why: Epoch["why"]) => void;
};

/** Writes are begun and not waited for: only a side effect and the end of a turn wait for the disk. */
export function createRecorder({
  store,
  clock,
  turn,
  epoch,
  onAppend,
  onEpoch,
}: RecorderDeps): Recorder & {
  /** Says in the store that the turn runs. */
  running(): void;
} {
  const { session } = turn;
  let writing: Promise<unknown>[] = [];
  let number = epoch.number;
  const write = (promise: Promise<unknown>) => {
    writing.push(promise);
    // Whoever waits in `settled` gets it; until then it must not count as unhandled.
    promise.catch(() => {});
  };
  const settled = async () => {
    const due = writing;
    writing = [];
    await Promise.all(due);
  };
  return {
    append: (messages) => {
      const stored = messages.map((message) => {
        const at = clock.now();
        return { id: createId("msg", at), session, turn: turn.id, at, message };
      });
      const stores = stored.map(onAppend);
      write(store.turns.append(stored).then(() => stores.forEach((onStored) => onStored())));
      return stored;
    },
    usage: (used) =>
      write(store.sessions.addUsage({ ...used, session, turn: turn.id, at: clock.now() })),
    epoch: () => number,
    note: (note) => write(store.turns.addNote(turn.id, { ...note, at: clock.now() })),
    running: () => write(store.turns.setState(turn.id, "running", clock.now())),
    beginEpoch: (head) => {
      onEpoch(head.why);
      number += 1;
      const at = { session, number, model: epoch.model, startedAt: clock.now() };
      write(store.sessions.addEpoch({ ...at, ...head, preface: [...head.preface] }));
    },
    settled,
    started: (call) => store.journal.get(journalKey(turn.id, call)),
    start: async (call, { before, approvedBy }) => {
      const started = store.journal.start({
        call: journalKey(turn.id, call),
        turn: turn.id,
        tool: call.tool,
        argumentsHash: createHash("sha256").update(call.argumentsJson).digest("hex"),
        before,
        ...(approvedBy === undefined ? {} : { approvedBy }),
        startedAt: clock.now(),
      });
      write(started);
      await settled();
    },
    finish: (call, ok) =>
      write(store.journal.finish(journalKey(turn.id, call), { ok, at: clock.now() })),
  };
}

export const journalKey = (turn: string, { id }: ToolCall): string => `${turn}:${id}`;

/** Keeps nothing: for a turn of a session that is kept nowhere. */
export function createEphemeralRecorder(clock: Clock): Recorder {
  return {
    append: (messages) =>
      messages.map((message) => ({ id: createId("msg", clock.now()), message })),
    usage: () => {},
    note: () => {},
    epoch: () => 0,
    beginEpoch: () => {},
    settled: async () => {},
    started: async () => undefined,
    start: async () => {},
    finish: () => {},
  };
}
