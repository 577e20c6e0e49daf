import type { Generated } from "kysely";

/**
 * The tables as kysely sees them; `migrations.ts` makes them. Columns carry the names that the code uses,
 * so a row needs little translation. JSON stands in text columns, times are milliseconds since 1970.
 */
export type Tables = {
  people: { id: string; name: string; role: "owner" | "member"; createdAt: number };
  credentials: {
    id: string;
    person: string;
    kind: "key" | "device";
    name: string;
    scopes: string;
    hash: string;
    proofHash: string | null;
    createdAt: number;
    lastUsedAt: number | null;
  };
  pairingCodes: { hash: string; person: string; scopes: string; expiresAt: number };
  sessions: {
    id: string;
    owner: string;
    title: string;
    model: string | null;
    private: number;
    createdAt: number;
    updatedAt: number;
  };
  turns: {
    /** Order of arrival; SQLite counts it up. */
    seq: Counted;
    id: string;
    session: string;
    owner: string;
    state: "queued" | "running" | "done" | "failed" | "stopped";
    attended: number;
    createdAt: number;
    endedAt: number | null;
    fault: string | null;
    /** The message that opened it. */
    message: string;
    /** What a person should read about the turn later, a list as JSON. */
    notes: string | null;
    /** What the client called the message, so that the same one twice is one. */
    key: string | null;
  };
  messages: {
    seq: Counted;
    id: string;
    session: string;
    turn: string;
    at: number;
    message: string;
  };
  epochs: {
    session: string;
    number: number;
    why: "new" | "model" | "compaction";
    model: string;
    system: string;
    toolsJson: string;
    preface: string;
    firstMessage: string | null;
    startedAt: number;
  };
  usage: {
    seq: Counted;
    session: string;
    turn: string;
    model: string;
    at: number;
    inputTokens: number;
    outputTokens: number;
    cachedTokens: number | null;
    contextTokens: number;
    startedAt: number | null;
    cacheWriteTokens: number | null;
    promptTokens: number | null;
    promptMs: number | null;
    outputMs: number | null;
    loadMs: number | null;
    cost: number | null;
    print: string | null;
    locality: string | null;
  };
  spending: {
    person: string;
    day: string;
    model: string;
    locality: string;
    requests: number;
    inputTokens: number;
    cachedTokens: number;
    cacheToldTokens: number;
    outputTokens: number;
    promptTokens: number;
    promptMs: number;
    timedOutputTokens: number;
    outputMs: number;
    cost: number;
  };
  journal: {
    call: string;
    turn: string;
    tool: string;
    argumentsHash: string;
    before: string;
    approvedBy: string | null;
    startedAt: number;
    finishedAt: number | null;
    ok: number | null;
  };
  memories: { seq: Counted; id: string; person: string; text: string; at: number };
  values: { key: string; value: string };
  responses: {
    id: string;
    owner: string;
    previous: string | null;
    createdAt: number;
    usedAt: number;
    sizeBytes: number;
    /** Both are JSON. */
    input: string;
    response: string;
  };
  documentFolders: {
    id: string;
    owner: string;
    name: string;
    path: string;
    /** 0 or 1. */
    private: number;
    addedAt: number;
  };
  scorecards: { server: string; digest: string; measuredAt: number; card: string };
};

/** A column that the database fills. */
type Counted = Generated<number>;
