import type { AuthRecords } from "../auth/records.ts";
import type { FaultReport } from "../base/fault.ts";
import type { Usage } from "../protocol/event.ts";
import type { Message } from "../protocol/message.ts";

/**
 * The truth: everything else can be rebuilt from it. One writer; writes that arrive together are
 * committed together, and each promise resolves only once its write is on disk (full sync).
 * All methods throw `STORE_FULL` when the disk is, and nothing that was acknowledged is lost by it.
 */
export interface Store {
  readonly auth: AuthRecords;
  readonly sessions: Sessions;
  readonly turns: Turns;
  readonly journal: Journal;
  readonly memories: Memories;
  /** Small values by key: the mode, the version that wrote last. */
  readonly values: {
    get(key: string): Promise<string | undefined>;
    set(key: string, value: string): Promise<void>;
  };
  /** Waits for open writes, then closes. May be called twice. */
  close(): Promise<void>;
}

/** Where a method names the owner, what is somebody else's is as if it were not there. */
export interface Sessions {
  create(session: Session): Promise<void>;
  get(owner: string, id: string): Promise<Session | undefined>;
  /** Newest first. */
  list(owner: string, limit?: number): Promise<Session[]>;
  /** False when there is none. */
  update(
    owner: string,
    id: string,
    change: { title?: string; model?: string | null; updatedAt: number },
  ): Promise<boolean>;
  /** Takes everything of the session with it, and the text out of the file. False when there is none. */
  delete(owner: string, id: string): Promise<boolean>;

  // What follows takes no owner: `get` the session, or a turn that names its owner, first. Those that write
  // throw `NOT_FOUND` once the session was deleted.

  /** In order. Empty where there is nothing. */
  messages(id: string): Promise<StoredMessage[]>;
  /** The newest epoch of a session, or undefined before its first turn. */
  epoch(id: string): Promise<Epoch | undefined>;
  addEpoch(epoch: Epoch): Promise<void>;
  addUsage(usage: StoredUsage): Promise<void>;
}

export type Session = {
  id: string;
  owner: string;
  title: string;
  /** `provider/model` a person picked: strict. */
  model?: string;
  createdAt: number;
  updatedAt: number;
};

export type StoredMessage = {
  id: string;
  session: string;
  turn: string;
  at: number;
  message: Message;
};

/** What a new session, a model switch or a compaction freezes: inside it, requests only grow. */
export type Epoch = {
  session: string;
  /** From 1. */
  number: number;
  why: "new" | "model" | "compaction";
  model: string;
  system: string;
  /** The tool schemas as JSON text, as they were sent. */
  toolsJson: string;
  /** Messages that replace the history before this epoch (a summary), sent before its own. */
  preface: Message[];
  /** The first stored message that is sent after the preface; undefined when none of the old ones are. */
  firstMessage: string | undefined;
  startedAt: number;
};

export type StoredUsage = { session: string; turn: string; model: string; at: number } & Usage;

export interface Turns {
  /**
   * The point of acknowledgement: the user's message and its turn, in one transaction. With a `key` seen
   * before in this session it changes nothing and returns the first one's ids. Throws `NOT_FOUND` where the
   * session is not there or is not the turn's owner's.
   */
  open(
    turn: Turn,
    message: StoredMessage,
    key?: string,
  ): Promise<{ turn: string; message: string; repeated: boolean }>;
  /** Appends what the model or a tool said: all of it or nothing. Throws `NOT_FOUND` as above. */
  append(messages: StoredMessage[]): Promise<void>;
  /** Does nothing where the turn went with its session. */
  setState(turn: string, state: Turn["state"], at: number, fault?: FaultReport): Promise<void>;
  get(id: string): Promise<Turn | undefined>;
  /** Those of a session, in order. */
  list(session: string): Promise<Turn[]>;
  /** Queued and running ones of all sessions, oldest first: what a start has to take up again. */
  unfinished(): Promise<Turn[]>;
}

export type Turn = {
  id: string;
  session: string;
  owner: string;
  state: "queued" | "running" | "done" | "failed" | "stopped";
  attended: boolean;
  createdAt: number;
  endedAt?: number;
  fault?: FaultReport;
};

/** Side effects, written before they happen. */
export interface Journal {
  /** On disk before it resolves. Throws `JOURNAL_REPEATED` when this call was: an effect happens once. */
  start(entry: JournalEntry): Promise<void>;
  /** Does nothing where the call went with its session. */
  finish(call: string, outcome: { ok: boolean; at: number }): Promise<void>;
  get(call: string): Promise<JournalEntry | undefined>;
}

export type JournalEntry = {
  /** The id of the tool call, prefixed with its turn: unique. */
  call: string;
  turn: string;
  tool: string;
  /** SHA-256 of the argument bytes. */
  argumentsHash: string;
  /** What the tool's `before` said. */
  before: string;
  approvedBy?: string;
  startedAt: number;
  finishedAt?: number;
  ok?: boolean;
};

export interface Memories {
  add(memory: { id: string; person: string; text: string; at: number }): Promise<void>;
  list(person: string): Promise<{ id: string; text: string; at: number }[]>;
}
