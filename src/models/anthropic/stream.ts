/**
 * The answer of `/v1/messages`, event by event: blocks that are opened, grow and are closed
 * (https://platform.claude.com/docs/en/build-with-claude/streaming).
 */

import { z } from "zod";

import { Fault } from "../../base/fault.ts";
import { isJsonObject, isRecord, itemSpans, memberSpan, rootSpan } from "../../base/json.ts";
import type { SealedItem, ToolCall } from "../../protocol/message.ts";
import type { ChatEvent } from "../provider.ts";
import { toStreamedRefusal } from "../refusal.ts";
import { takeCallId } from "../replay.ts";
import { type AnswerContext, type AnswerReader, garbled, parseData } from "../streamed.ts";

type Block =
  | { type: "text" }
  | { type: "thinking"; thinking: string; signature: string; place: number }
  | { type: "tool_use"; id: string; tool: string; argumentsJson: string };

/** `by` names who wrote what is sealed. */
export function createMessagesReader(context: AnswerContext & { by: string }): AnswerReader {
  const { provider, model } = context;
  const content = createContent();
  let stop = "";
  let over = false;
  let usage: Usage = {};

  function readDelta(delta: unknown, counts: unknown): ChatEvent[] {
    if (isRecord(delta) && typeof delta["stop_reason"] === "string") stop = delta["stop_reason"];
    usage = { ...usage, ...readUsage(counts) };
    return [];
  }

  /** An answer that was not streamed although it was asked for. */
  function readWhole(message: Record<string, unknown>, json: string): ChatEvent[] {
    const blocks = memberSpan(json, rootSpan(json), "content");
    const events = (blocks ? itemSpans(json, blocks) : []).flatMap((span, index) => {
      const text = json.slice(span.start, span.end);
      const given = content.open(index, parseData(text, provider), text);
      content.close(index);
      return given;
    });
    readDelta(message, message["usage"]);
    over = true;
    return events;
  }

  function read(json: string): ChatEvent[] {
    if (json === "[DONE]") return []; // some proxies end all streams alike
    const event = parseData(json, provider);
    const { type, message, content_block: block, delta, error } = event;
    const index = typeof event["index"] === "number" ? event["index"] : 0;
    switch (type) {
      case "message_start":
        return readDelta(undefined, isRecord(message) ? message["usage"] : undefined);
      case "content_block_start":
        return isRecord(block) ? content.open(index, block, blockText(json)) : [];
      case "content_block_delta":
        return isRecord(delta) ? content.grow(index, delta) : [];
      case "content_block_stop":
        content.close(index);
        return [];
      case "message_delta":
        return readDelta(delta, event["usage"]);
      case "message_stop":
        over = true;
        return [];
      case "message":
        return readWhole(event, json);
    }
    if (error != null) throw toStreamedRefusal({ provider, model }, error);
    // `ping`, and kinds that may be added at any time, as the documentation says.
    if (typeof type === "string") return [];
    throw garbled(provider, "an event has no `type`");
  }

  return {
    read,
    get finished() {
      return stop !== "" || over;
    },
    get over() {
      return over;
    },
    end() {
      if (stop === "refusal") throw new Fault("MODEL_DECLINED", { provider, model });
      const cut = stop === "max_tokens" || stop === "model_context_window_exceeded";
      // What the limit cut in the middle of its arguments is no call.
      const calls = content
        .calls()
        .filter(({ argumentsJson }) => !cut || isJsonObject(argumentsJson));
      const items = content.sealed;
      return [
        ...calls.map((piece): ChatEvent => ({ type: "tool-call", call: toCall(piece, context) })),
        ...(items.length > 0
          ? [{ type: "sealed", sealed: { by: context.by, items } } as const]
          : []),
        {
          type: "done",
          reason: cut ? "length" : calls.length > 0 ? "tool-calls" : "stop",
          usage: toUsage(usage),
        },
      ];
    },
  };
}

/** The blocks of one answer. */
function createContent() {
  const blocks = new Map<number, Block>();
  const sealed: SealedItem[] = [];
  let hasText = false;

  const calls = () => [...blocks.values()].filter((block) => block.type === "tool_use");
  const place = () => (calls().length > 0 || hasText ? calls().length + 1 : 0);
  const say = (text: string): ChatEvent[] => {
    if (text === "") return [];
    hasText = true;
    return [{ type: "text", text }];
  };
  const think = (text: string): ChatEvent[] => (text === "" ? [] : [{ type: "reasoning", text }]);

  return {
    calls,
    sealed,

    /** `json` is the block as the server wrote it. */
    open(index: number, block: Record<string, unknown>, json: string): ChatEvent[] {
      switch (block["type"]) {
        case "text":
          blocks.set(index, { type: "text" });
          return say(toText(block["text"]));
        case "thinking": {
          const thinking = toText(block["thinking"]);
          const signature = toText(block["signature"]);
          blocks.set(index, { type: "thinking", thinking, signature, place: place() });
          return think(thinking);
        }
        case "redacted_thinking":
          sealed.push({ json, place: place() });
          return [];
        case "tool_use": {
          const [id, tool] = [toText(block["id"]), toText(block["name"])];
          blocks.set(index, { type: "tool_use", id, tool, argumentsJson: wholeInput(json) });
          return [];
        }
        default:
          return []; // of a kind that is not ours to read
      }
    },

    grow(index: number, delta: Record<string, unknown>): ChatEvent[] {
      const block = blocks.get(index);
      switch (delta["type"]) {
        case "text_delta":
          return say(toText(delta["text"]));
        case "thinking_delta":
          if (block?.type === "thinking") block.thinking += toText(delta["thinking"]);
          return think(toText(delta["thinking"]));
        case "signature_delta":
          if (block?.type === "thinking") block.signature += toText(delta["signature"]);
          return [];
        case "input_json_delta":
          if (block?.type === "tool_use") block.argumentsJson += toText(delta["partial_json"]);
          return [];
        default:
          return []; // citations and what is yet to come
      }
    },

    /** Thinking that the server signed is what it wants back; without a signature nothing is kept. */
    close(index: number): void {
      const block = blocks.get(index);
      if (block?.type !== "thinking" || block.signature === "") return;
      const { thinking, signature } = block;
      const json = JSON.stringify({ type: "thinking", thinking, signature });
      sealed.push({ json, place: block.place });
    },
  };
}

/** The block that an event opens, as the server wrote it. */
function blockText(json: string): string {
  const block = memberSpan(json, rootSpan(json), "content_block");
  return block ? json.slice(block.start, block.end) : "{}";
}

/** Some servers send the arguments whole with the block that they open; Anthropic sends `{}` there. */
function wholeInput(block: string): string {
  const input = memberSpan(block, rootSpan(block), "input");
  const text = input ? block.slice(input.start, input.end) : "";
  return /^\{\s*\}$|^null$/.test(text) ? "" : text;
}

function toCall(
  { id, tool, argumentsJson }: Extract<Block, { type: "tool_use" }>,
  context: AnswerContext,
): ToolCall {
  if (tool === "") throw garbled(context.provider, "a tool call has no name");
  const json = argumentsJson.trim() === "" ? "{}" : argumentsJson;
  return { id: takeCallId(id, context), tool, argumentsJson: json };
}

const toText = (value: unknown) => (typeof value === "string" ? value : "");

type Usage = {
  input_tokens?: number | undefined;
  output_tokens?: number | undefined;
  cache_read_input_tokens?: number | undefined;
  cache_creation_input_tokens?: number | undefined;
};

/** Each event says what it knows; later ones win. Counts are for the books: an answer does not fail for them. */
function readUsage(value: unknown): Usage {
  const parsed = Counts.safeParse(value);
  if (!parsed.success) return {};
  return Object.fromEntries(Object.entries(parsed.data).filter(([, count]) => count != null));
}

/** What was read from the cache or written to it is not among `input_tokens`. */
function toUsage(usage: Usage) {
  const cached = usage.cache_read_input_tokens;
  return {
    inputTokens:
      (usage.input_tokens ?? 0) + (cached ?? 0) + (usage.cache_creation_input_tokens ?? 0),
    outputTokens: usage.output_tokens ?? 0,
    ...(cached !== undefined && { cachedTokens: cached }),
  };
}

const count = z.number().nonnegative().nullish();
const Counts = z.object({
  input_tokens: count,
  output_tokens: count,
  cache_read_input_tokens: count,
  cache_creation_input_tokens: count,
});
