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
  readonly spending: Spending;
  readonly responses: Responses;
  readonly documents: DocumentFolders;
  /** What was measured of models, by server and weights; `card` is JSON of whoever measured. */
  readonly scorecards: {
    list(): Promise<StoredScorecard[]>;
    /** In place of an earlier one. */
    put(row: StoredScorecard): Promise<void>;
  };
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

  /**
   * In order; with `from` those of the turn of that message and of later turns. Empty where there is nothing,
   * all where there is no such message.
   */
  messages(id: string, from?: string): Promise<StoredMessage[]>;
  /** One of them; undefined where it is not in this session. Reads no other. */
  message(id: string, message: string): Promise<StoredMessage | undefined>;
  /** What its messages take, without reading them. */
  sizeBytes(id: string): Promise<number>;
  /** The newest epoch of a session, or undefined before its first turn. */
  epoch(id: string): Promise<Epoch | undefined>;
  addEpoch(epoch: Epoch): Promise<void>;
  /** All of them, oldest first: what an epoch froze is what a request began with. */
  epochs(id: string): Promise<Epoch[]>;
  addUsage(usage: StoredUsage): Promise<void>;
  /** One for each request, oldest first. */
  usage(id: string): Promise<StoredUsage[]>;
  /** How many requests other sessions sent to a model after one time and before another. */
  requestsBeside(id: string, model: string, after: number, before: number): Promise<number>;
}

export type Session = {
  id: string;
  owner: string;
  title: string;
  /** `provider/model` a person picked: strict. */
  model?: string;
  /** What is said in it stays on this device, the LAN and the mesh. Set once; no update takes it away. */
  private?: boolean;
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

export type StoredUsage = {
  session: string;
  turn: string;
  model: string;
  /** Where it was answered, such as "device". */
  locality?: string;
  /** When it was sent, and when it was answered. */
  startedAt: number;
  at: number;
  /** The tokens that `promptMs` was spent on, and how long the model was loaded, where the server says so. */
  promptTokens?: number;
  loadMs?: number;
  /** What the request looked like, without its content: the agent's own text, read back as it was. */
  print?: string;
} & Usage;

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
  /** Something a person should read later as well. Does nothing where the turn went with its session. */
  addNote(turn: string, note: TurnNote): Promise<void>;
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
  /** In order; absent where there is none. */
  notes?: TurnNote[];
};

/** Such as: another model answered. Never sent to a model. */
export type TurnNote = { code: string; text: string; at: number };

/** Answers that programs may go on from. What is somebody else's is as if it were not there. */
export interface Responses {
  add(response: StoredResponse): Promise<void>;
  get(owner: string, id: string): Promise<StoredResponse | undefined>;
  /** Was gone on from just now. Does nothing where there is none. */
  touch(owner: string, ids: readonly string[], at: number): Promise<void>;
  /** False when there is none. Takes the text out of the file. */
  delete(owner: string, id: string): Promise<boolean>;
  /** Drops everybody's that was not used since, and of the owner's those beyond so many bytes, the longest unused first. */
  prune(limits: { owner: string; usedBefore: number; maxBytes: number }): Promise<void>;
}

export type StoredResponse = {
  id: string;
  owner: string;
  /** The one that it went on from. */
  previous?: string;
  createdAt: number;
  usedAt: number;
  /** JSON text of what was asked in it alone, and of what was answered. */
  input: string;
  response: string;
};

/** Folders whose documents may be searched. What is somebody else's is as if it were not there. */
export interface DocumentFolders {
  /** False where this person has one of that path or name already. */
  add(folder: DocumentFolder): Promise<boolean>;
  /** By name. */
  list(owner: string): Promise<DocumentFolder[]>;
  /** False when there is none. */
  delete(owner: string, id: string): Promise<boolean>;
}

export type DocumentFolder = {
  id: string;
  owner: string;
  /** What its paths begin with where they are cited. */
  name: string;
  /** Absolute, links resolved. */
  path: string;
  /** Searched in private sessions only. */
  private: boolean;
  addedAt: number;
};

/** What was used, for the books. The sums of a day outlive the sessions in which it was used. */
export interface Spending {
  /** Adds to the sum of its person, day, model and locality. */
  add(spent: DaySpending): Promise<void>;
  /** By person, day, model and locality, oldest day first; of everybody without a person. `since` is a day. */
  list(of: { person?: string | undefined; since: string }): Promise<DaySpending[]>;
  /** Of a person's sessions that are still there; `since` is a time. */
  sessions(of: { person: string; since: number }): Promise<SessionSpending[]>;
  turns(of: { person: string; since: number }): Promise<TurnSpending[]>;
}

export type DaySpending = {
  /** Empty for what nobody asked for: a check in the background. */
  person: string;
  /** Such as "2026-11-21", by the calendar of this machine. */
  day: string;
  model: string;
  locality: string;
} & SpendingSums;

/** What is added up, of a day as of a session. */
export const SPENDING_SUMS = [
  "requests",
  "inputTokens",
  "cachedTokens",
  // The prompt tokens of requests whose server said how many of them it had cached.
  "cacheToldTokens",
  "outputTokens",
  // Tokens whose time is known, and that time: speeds are made of these.
  "promptTokens",
  "promptMs",
  "timedOutputTokens",
  "outputMs",
  "cost",
] as const;

export type SpendingSums = Record<(typeof SPENDING_SUMS)[number], number>;

export type SessionSpending = {
  session: string;
  title: string;
  model: string;
  locality: string;
  /** The largest prompt with its answer, and the window it had. */
  usedTokens: number;
  contextTokens: number;
  at: number;
} & SpendingSums;

export type TurnSpending = { turn: string } & SessionSpending;

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

export type StoredScorecard = { server: string; digest: string; measuredAt: number; card: string };

export interface Memories {
  add(memory: { id: string; person: string; text: string; at: number }): Promise<void>;
  list(person: string): Promise<{ id: string; text: string; at: number }[]>;
}
