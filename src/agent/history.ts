/**
 * What was stored, as a model is sent it. The store keeps the raw text for people; here control tokens
 * are neutralised, oversized texts are cut, and what a crash or a stop left ragged is made well-formed:
 * each call has exactly one result, and the roles take turns (many chat templates refuse anything else). All of it depends on nothing but the messages before, so what was sent is sent again byte for
 * byte.
 */

import type { Image, Message, ToolCall } from "../protocol/message.ts";
import type { StoredMessage } from "../store/store.ts";

import { neutralise, restore } from "../models/hostile.ts";
import { imagesOf, withImageLines } from "../models/sight.ts";
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
/**
 * What an image takes of the window, as so much text: its pixels count and not its bytes. 1,500 tokens is
 * the most that Anthropic counts for one, and about what local models with tiles take.
 */
const IMAGE_TEXT_BYTES = 6_000;

/**
 * `textLimitBytes` is the most of one text that is sent: no single message may fill the window. A model that
 * does not see gets a line in the place of each image.
 */
export function createTranscript(
  preface: readonly Message[],
  textLimitBytes: number,
  sees = true,
): Transcript {
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
      return add(neutralMessage(message, resultLimitBytes, sees));
    }
    closeOpenCalls();
    const last = messages.at(-1)?.role;
    if (message.role === "user" && (last === "user" || last === "tool")) add(NO_ANSWER);
    if (message.role === "assistant" && last === "assistant") add(GO_ON);
    add(neutralMessage(message, textLimitBytes, sees));
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
  bytes += imagesOf(message).length * IMAGE_TEXT_BYTES;
  if (message.role === "user" && message.context) bytes += Buffer.byteLength(message.context);
  if (message.role === "assistant") {
    bytes += Buffer.byteLength(message.reasoning ?? "");
    for (const call of message.toolCalls) {
      bytes += MESSAGE_OVERHEAD_BYTES + call.tool.length + Buffer.byteLength(call.argumentsJson);
    }
    for (const { json } of message.sealed?.items ?? []) bytes += Buffer.byteLength(json);
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

function neutralMessage(message: Message, limitBytes: number, sees: boolean): Message {
  const text = cutText(message.text, limitBytes);
  switch (message.role) {
    case "user": {
      const { context } = message;
      return {
        role: "user",
        ...neutralParts(text, message.images, sees),
        ...(context === undefined ? {} : { context: neutralise(context) }),
      };
    }
    case "tool":
      return {
        ...withoutImages(message),
        tool: neutralise(message.tool),
        ...neutralParts(text, message.images, sees),
      };
    case "assistant":
      return {
        role: "assistant",
        text: neutralOwn(text),
        ...(message.reasoning === undefined ? {} : { reasoning: neutralOwn(message.reasoning) }),
        // Arguments are the dialect's: it replays the server's own bytes, made harmless where they must be.
        toolCalls: message.toolCalls.map((call) => ({ ...call, tool: neutralise(call.tool) })),
        ...(message.sealed && { sealed: message.sealed }),
      };
  }
}

/** A file may be called like a control token. */
function neutralParts(text: string, images: readonly Image[] | undefined, sees: boolean) {
  if (!images?.length) return { text: neutralise(text) };
  if (!sees) return { text: neutralise(withImageLines(text, images)) };
  return {
    text: neutralise(text),
    images: images.map((image) => ({ ...image, name: neutralise(image.name) })),
  };
}

function withoutImages<M extends Extract<Message, { role: "tool" }>>(
  message: M,
): Omit<M, "images"> {
  const { images: _images, ...rest } = message;
  return rest;
}

/** A model repeats neutral forms that it read; those stay as they are. */
const neutralOwn = (text: string) => neutralise(restore(text));
