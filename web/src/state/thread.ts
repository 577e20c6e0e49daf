/**
 * What a session looks like to a person, folded from its stored messages and its events. Pure: each
 * function returns the next state, and leaves every turn that did not change the same object, so that the
 * page renders only what did.
 */

import type { FaultReport } from "../../../src/base/fault.ts";
import type { SessionDetail } from "../../../src/protocol/api.ts";
import type { SessionMessage, TurnEvent, Usage } from "../../../src/protocol/event.ts";

export type Thread = {
  session: string;
  /** What was fetched reaches to here; events up to it are already in. */
  cursor: string | null;
  turns: readonly Turn[];
};

/** One user message and all that follows. */
export type Turn = {
  id: string;
  messages: readonly SessionMessage[];
  /** What the turn emitted and its messages do not hold; null for a turn that was only ever read. */
  live: Live | null;
  /** The model's last word on tokens; `written` adds up all requests of the turn. */
  usage: (Usage & { written: number }) | null;
};

export type Live = {
  parts: readonly LivePart[];
  results: Readonly<Record<string, { ok: boolean; output: string }>>;
  /** Ids of the approvals that the turn waits for. */
  asking: readonly string[];
  waiting: string | null;
  notes: readonly { code: string; text: string }[];
  fault: FaultReport | null;
  ended: boolean;
};

export type LivePart =
  | { kind: "text" | "reasoning"; text: string }
  | { kind: "call"; id: string; tool: string; input: unknown };

const quiet: Live = {
  parts: [],
  results: {},
  asking: [],
  waiting: null,
  notes: [],
  fault: null,
  ended: false,
};

export function openThread(detail: SessionDetail): Thread {
  const { session, messages, live, cursor } = detail;
  const stored: Thread = { session: session.id, cursor, turns: toTurns(messages) };
  return (live?.events ?? []).reduce(
    (thread, event) => foldEvent(thread, live?.turn ?? "", event),
    stored,
  );
}

/** A message that was stored. The same one twice is one; what it holds leaves the turn's live part. */
export function foldMessage(thread: Thread, message: SessionMessage): Thread {
  return changeTurn(thread, message.turn, (turn) => ({
    ...turn,
    messages: withMessage(turn.messages, message),
    live: turn.live && withoutHeld(turn.live, message),
  }));
}

export function foldEvent(thread: Thread, turnId: string, event: TurnEvent): Thread {
  return changeTurn(thread, turnId, (turn) => ({
    ...turn,
    live: foldLive(turn.live ?? quiet, event),
    usage:
      event.type === "usage"
        ? { ...event, written: (turn.usage?.written ?? 0) + event.outputTokens }
        : turn.usage,
  }));
}

/** The session is at rest: whatever still looks as if it ran was cut off. */
export function endTurns(thread: Thread): Thread {
  if (!thread.turns.some(isRunning)) return thread;
  const turns = thread.turns.map((turn) =>
    turn.live && isRunning(turn) ? { ...turn, live: endLive(turn.live) } : turn,
  );
  return { ...thread, turns };
}

export const isRunning = (turn: Turn): boolean => turn.live !== null && !turn.live.ended;

/** The newest usage in the thread: what fills the context window now. */
export function lastUsage(thread: Thread): Usage | null {
  return thread.turns.findLast((turn) => turn.usage)?.usage ?? null;
}

function foldLive(live: Live, event: TurnEvent): Live {
  switch (event.type) {
    case "text":
    case "reasoning":
      return { ...live, waiting: null, parts: withText(live.parts, event.type, event.text) };
    case "tool-call": {
      if (live.parts.some((part) => part.kind === "call" && part.id === event.id)) return live;
      const call = { kind: "call", id: event.id, tool: event.tool, input: event.input } as const;
      return { ...live, waiting: null, parts: [...live.parts, call] };
    }
    case "tool-result": {
      const result = { ok: event.ok, output: event.output };
      return { ...live, results: { ...live.results, [event.id]: result } };
    }
    case "approval":
      return { ...live, asking: [...live.asking, event.approval.id] };
    case "approval-decided":
      return { ...live, asking: live.asking.filter((id) => id !== event.id) };
    case "waiting":
      return { ...live, waiting: event.text };
    case "note":
      return { ...live, notes: [...live.notes, { code: event.code, text: event.text }] };
    case "done":
      return endLive(live);
    case "failed":
      return { ...endLive(live), fault: event };
    case "usage":
      return live;
  }
}

const endLive = (live: Live): Live => ({ ...live, ended: true, waiting: null, asking: [] });

function withText(
  parts: readonly LivePart[],
  kind: "text" | "reasoning",
  text: string,
): readonly LivePart[] {
  const last = parts.at(-1);
  return last?.kind === kind
    ? [...parts.slice(0, -1), { kind, text: last.text + text }]
    : [...parts, { kind, text }];
}

/** A turn's question comes first, whenever it arrives. */
function withMessage(
  messages: readonly SessionMessage[],
  message: SessionMessage,
): readonly SessionMessage[] {
  const at = messages.findIndex(({ id }) => id === message.id);
  if (at !== -1) return messages.with(at, message);
  return message.role === "user" ? [message, ...messages] : [...messages, message];
}

function withoutHeld(live: Live, message: SessionMessage): Live {
  if (message.role === "assistant") {
    const held = new Set(message.toolCalls.map(({ id }) => id));
    const parts = live.parts.filter((part) => part.kind === "call" && !held.has(part.id));
    return { ...live, parts };
  }
  if (message.role === "notice") {
    const notes = live.notes.filter((note) => note.code !== message.code);
    return { ...live, notes, fault: live.fault?.code === message.code ? null : live.fault };
  }
  return live;
}

function changeTurn(thread: Thread, id: string, change: (turn: Turn) => Turn): Thread {
  // The turn that changes is nearly always the last one: 2,000 turns are not searched for each token.
  const at = thread.turns.findLastIndex((turn) => turn.id === id);
  const turn = thread.turns[at];
  return turn
    ? { ...thread, turns: thread.turns.with(at, change(turn)) }
    : { ...thread, turns: [...thread.turns, change(emptyTurn(id))] };
}

const emptyTurn = (id: string): Turn => ({ id, messages: [], live: null, usage: null });

/** Groups a whole session in one pass; changing a turn for each message would copy the list each time. */
function toTurns(messages: readonly SessionMessage[]): Turn[] {
  const byTurn = Map.groupBy(messages, ({ turn }) => turn);
  return Array.from(byTurn, ([id, messages]) => ({ ...emptyTurn(id), messages }));
}
