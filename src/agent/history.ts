/**
 * What was stored, as a model is sent it. The store keeps the raw text for people; here control tokens
 * are neutralised, oversized texts are cut, and what a crash or a stop left ragged is made well-formed:
 * each call has exactly one result, and the roles take turns (many chat templates refuse anything else). All of it depends on nothing but the messages before, so what was sent is sent again byte for
 * byte.
 */

import type { Message, ToolCall } from "../protocol/message.ts";
import type { StoredMessage } from "../store/store.ts";

import { neutralise, restore } from "../models/hostile.ts";
import { cutText } from "./cut-text.ts";

/** A raw message and the id it is stored under. */
export type Entry = { id: string; message: Message };

export interface Transcript {
  /** In the form that is sent. Grows at the end and nowhere else. */
  readonly messages: readonly Message[];
  readonly sizeBytes: number;
  push(entries: readonly Entry[]): void;
}

/** Templates put markers around each message; about this many bytes' worth of tokens. */
const MESSAGE_OVERHEAD_BYTES = 16;

/** `textLimitBytes` is the most of one text that is sent: no single message may fill the window. */
export function createTranscript(preface: readonly Message[], textLimitBytes: number): Transcript {
  const messages: Message[] = [];
  let open: ToolCall[] = [];
  let resultLimitBytes = textLimitBytes;
  let sizeBytes = 0;

  const add = (message: Message) => {
    messages.push(message);
    sizeBytes += sizeOf(message);
  };
  const closeOpenCalls = () => {
    for (const call of open) add({ ...resultOf(call, NO_RESULT, false) });
    open = [];
  };
  const push = (message: Message) => {
    if (message.role === "tool") {
      const at = open.findIndex((call) => call.id === message.callId);
      if (at === -1) return; // a second result, or one of a call that is not sent
      open.splice(at, 1);
      return add(neutralMessage(message, resultLimitBytes));
    }
    closeOpenCalls();
    const last = messages.at(-1)?.role;
    if (message.role === "user" && (last === "user" || last === "tool")) add(NO_ANSWER);
    if (message.role === "assistant" && last === "assistant") add(GO_ON);
    add(neutralMessage(message, textLimitBytes));
    if (message.role !== "assistant") return;
    open = [...message.toolCalls];
    // Results of one message share the room, so that many at once cannot overflow it either.
    resultLimitBytes = Math.floor(textLimitBytes / Math.max(1, open.length));
  };
  for (const message of preface) push(message);
  return {
    messages,
    get sizeBytes() {
      return sizeBytes;
    },
    push: (entries) => entries.forEach(({ message }) => push(message)),
  };
}

/** The entries of a session up to and including one turn, turn by turn, from `firstMessage` on. */
export function entriesUpTo(
  stored: readonly StoredMessage[],
  turn: string,
  firstMessage: string | undefined,
): Entry[] {
  // A message that was sent while an earlier turn ran is stored in the middle of that turn.
  const turns = new Map<string, Entry[]>();
  for (const { id, turn, message } of stored) {
    const entries = turns.get(turn);
    if (entries) entries.push({ id, message });
    else turns.set(turn, [{ id, message }]);
  }
  const entries: Entry[] = [];
  for (const [id, own] of turns) {
    entries.push(...own);
    if (id === turn) break;
  }
  const start = entries.findIndex(({ id }) => id === firstMessage);
  return start === -1 ? entries : entries.slice(start);
}

/** Calls of the last assistant message that have no result yet. */
export function openCalls(entries: readonly Entry[]): ToolCall[] {
  const done = new Set<string>();
  for (let at = entries.length - 1; at >= 0; at--) {
    const message = entries[at]?.message;
    if (message?.role === "tool") done.add(message.callId);
    else if (message?.role === "assistant")
      return message.toolCalls.filter(({ id }) => !done.has(id));
    else return [];
  }
  return [];
}

export const callIds = (messages: readonly { message: Message }[]): string[] =>
  messages.flatMap(({ message }) =>
    message.role === "assistant" ? message.toolCalls.map(({ id }) => id) : [],
  );

export function sizeOf(message: Message): number {
  let bytes = MESSAGE_OVERHEAD_BYTES + Buffer.byteLength(message.text);
  if (message.role === "user" && message.context) bytes += Buffer.byteLength(message.context);
  if (message.role === "assistant") {
    bytes += Buffer.byteLength(message.reasoning ?? "");
    for (const call of message.toolCalls) {
      bytes += MESSAGE_OVERHEAD_BYTES + call.tool.length + Buffer.byteLength(call.argumentsJson);
    }
  }
  return bytes;
}

export const resultOf = ({ id, tool }: ToolCall, text: string, ok: boolean) =>
  ({ role: "tool", callId: id, tool, text, ok }) as const;

const NO_RESULT = "(no result: the turn ended before this call)";

const NO_ANSWER: Message = {
  role: "assistant",
  text: "(no answer: the turn ended early)",
  toolCalls: [],
};
const GO_ON: Message = { role: "user", text: "(go on)" };

function neutralMessage(message: Message, limitBytes: number): Message {
  const text = cutText(message.text, limitBytes);
  switch (message.role) {
    case "user":
      return message.context === undefined
        ? { role: "user", text: neutralise(text) }
        : { role: "user", text: neutralise(text), context: neutralise(message.context) };
    case "tool":
      return { ...message, tool: neutralise(message.tool), text: neutralise(text) };
    case "assistant":
      return {
        role: "assistant",
        text: neutralOwn(text),
        ...(message.reasoning === undefined ? {} : { reasoning: neutralOwn(message.reasoning) }),
        // Arguments are the dialect's: it replays the server's own bytes, made harmless where they must be.
        toolCalls: message.toolCalls.map((call) => ({ ...call, tool: neutralise(call.tool) })),
      };
  }
}

/** A model repeats neutral forms that it read; those stay as they are. */
const neutralOwn = (text: string) => neutralise(restore(text));
