/**
 * What a request looked like, without its content: sizes and short hashes of system text, tools, template
 * parameters and each message. Two of them tell where a prompt stopped being the continuation of the one
 * before. No secret can be read back: 18 bits stand for 64 bytes.
 */

import type { ChatRequest } from "../../models/provider.ts";
import type { Message, ToolSpec } from "../../protocol/message.ts";

/** A text: its size, and three characters for each block of it. */
export type Part = { bytes: number; blocks: string };
export type PrintedMessage = Part & { role: Message["role"] };

export type Print = {
  /** The epoch of the session whose head it began with. */
  epoch: number;
  system: Part;
  tools: Part;
  /** What changes the prompt although no text does: hashes by name. */
  template: Readonly<Record<string, string>>;
  messages: readonly PrintedMessage[];
};

/** So small that a place in a text is found well enough, so large that prints stay under 5% of it. */
export const BLOCK_BYTES = 64;
const BLOCK_CHARS = 3;

/** Parameters by which servers write another prompt of the same messages. */
const TEMPLATE_PARAMS = ["think", "chat_template_kwargs", "reasoning_effort", "enable_thinking"];

export type Printer = (
  request: Pick<ChatRequest, "system" | "tools" | "messages" | "params" | "contextTokens">,
  about: { epoch: number; weights: string | undefined },
) => Print;

/** Remembers what it has printed: of a long conversation only what is new is read. */
export function createPrinter(): Printer {
  const messages = new WeakMap<Message, PrintedMessage>();
  const tools = new WeakMap<readonly ToolSpec[], Part>();
  return ({ system, messages: sent, params = {}, contextTokens, ...request }, about) => ({
    epoch: about.epoch,
    system: partOf(system),
    tools: once(tools, request.tools, (list) => partOf(JSON.stringify(list))),
    template: templateOf(params, contextTokens, about.weights),
    messages: sent.map((message) =>
      once(messages, message, () => ({
        role: message.role,
        ...partOf(JSON.stringify(message)),
      })),
    ),
  });
}

function once<K extends object, V>(known: WeakMap<K, V>, key: K, make: (key: K) => V): V {
  const before = known.get(key);
  if (before !== undefined) return before;
  const value = make(key);
  known.set(key, value);
  return value;
}

function templateOf(
  params: Readonly<Record<string, unknown>>,
  contextTokens: number,
  weights: string | undefined,
): Record<string, string> {
  const named = TEMPLATE_PARAMS.flatMap((name) =>
    params[name] === undefined ? [] : [[name, partOf(JSON.stringify(params[name])).blocks]],
  );
  return {
    ...Object.fromEntries(named),
    // Another window loads the model anew, other weights are another model.
    num_ctx: `${contextTokens}`,
    ...(weights !== undefined && { weights: partOf(weights).blocks }),
  };
}

/** FNV-1a of each block: fast, and nobody gains anything by making two texts look alike. */
export function partOf(text: string): Part {
  const bytes = Buffer.from(text);
  let blocks = "";
  for (let at = 0; at < bytes.length; at += BLOCK_BYTES) {
    let hash = 0x811c9dc5;
    const end = Math.min(at + BLOCK_BYTES, bytes.length);
    for (let i = at; i < end; i++) hash = Math.imul(hash ^ (bytes[i] ?? 0), 0x01000193);
    blocks += shortened(hash);
  }
  return { bytes: bytes.length, blocks };
}

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/** 18 of the 32 bits, the upper ones mixed in. */
function shortened(hash: number): string {
  const mixed = (hash ^ (hash >>> 15)) >>> 0;
  return [0, 6, 12].map((shift) => ALPHABET[(mixed >>> shift) & 63]).join("");
}

export const isSame = (a: Part, b: Part): boolean => a.bytes === b.bytes && a.blocks === b.blocks;

/** The first byte at which two texts may differ, to the block. */
export function firstDifference(a: Part, b: Part): number {
  let at = 0;
  const end = Math.min(a.blocks.length, b.blocks.length);
  while (at < end && a.blocks[at] === b.blocks[at]) at++;
  return Math.min(Math.floor(at / BLOCK_CHARS) * BLOCK_BYTES, a.bytes, b.bytes);
}

export const sizeOfPrint = ({ system, tools, messages }: Print): number =>
  messages.reduce((sum, { bytes }) => sum + bytes, system.bytes + tools.bytes);
