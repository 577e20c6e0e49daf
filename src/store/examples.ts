/** Examples of what a store keeps, for tests. */

import type { Credential } from "../auth/records.ts";
import type { Epoch, JournalEntry, Session, Store, StoredMessage, Turn } from "./store.ts";

let count = 0;
/** Ids that are unique in this run and sort by age. */
export const next = (prefix: string) => `${prefix}_${String(++count).padStart(6, "0")}`;

export async function addSession(store: Store, change: Partial<Session> = {}): Promise<Session> {
  const session: Session = {
    id: next("ses"),
    owner: "kim",
    title: "New session",
    createdAt: 1,
    updatedAt: 1,
    ...change,
  };
  await store.sessions.create(session);
  return session;
}

export async function openTurn(store: Store, session: Session, key?: string) {
  const turn = turnOf(session);
  const message = messageOf(turn);
  return { turn, message, opened: await store.turns.open(turn, message, key) };
}

export const turnOf = (session: Session, change: Partial<Turn> = {}): Turn => ({
  id: next("turn"),
  session: session.id,
  owner: session.owner,
  state: "queued",
  attended: true,
  createdAt: 2,
  ...change,
});

export const messageOf = (turn: Turn, text = "hello"): StoredMessage => ({
  id: next("msg"),
  session: turn.session,
  turn: turn.id,
  at: 3,
  message: { role: "user", text },
});

export const epochOf = (session: Session, number: number): Epoch => ({
  session: session.id,
  number,
  why: "new",
  model: "ollama/qwen3:8b",
  system: "You are Isopod.",
  toolsJson: "[]",
  preface: [],
  firstMessage: undefined,
  startedAt: 4,
});

export const usageOf = (turn: Turn) => ({
  startedAt: 1,
  session: turn.session,
  turn: turn.id,
  model: "ollama/qwen3:8b",
  at: 5,
  inputTokens: 1000,
  outputTokens: 20,
  contextTokens: 8192,
});

export const entryOf = (turn: Turn): JournalEntry => ({
  call: `${turn.id}/1`,
  turn: turn.id,
  tool: "write",
  argumentsHash: "00",
  before: "was 3 bytes",
  startedAt: 6,
});

export const credentialOf = (person: string): Credential => ({
  id: next("key"),
  person,
  kind: "key",
  name: "laptop",
  scopes: ["chat", "read"],
  hash: next("hash"),
  createdAt: 7,
});
