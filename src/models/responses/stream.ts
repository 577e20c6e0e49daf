/**
 * The answer of `/v1/responses`, event by event
 * (https://platform.openai.com/docs/api-reference/responses-streaming). Text comes in pieces; what counts of
 * calls and reasoning is the item as it stands when it is done.
 */

import { z } from "zod";

import { Fault } from "../../base/fault.ts";
import { isJsonObject, isRecord, itemSpans, memberSpan, rootSpan } from "../../base/json.ts";
import type { SealedItem, ToolCall } from "../../protocol/message.ts";
import type { ChatEvent } from "../provider.ts";
import { toStreamedRefusal } from "../refusal.ts";
import { takeCallId } from "../replay.ts";
import { type AnswerContext, type AnswerReader, garbled, parseData } from "../streamed.ts";

type Piece = { id: string; tool: string; argumentsJson: string };

export type ResponsesContext = AnswerContext & {
  /** Names who wrote what is sealed. */
  by: string;
  /** The limit that was asked for: llama.cpp calls an answer that it cut there "completed". */
  maxTokens: number | undefined;
};

export function createResponsesReader(context: ResponsesContext): AnswerReader {
  const { provider, model } = context;
  const output = createOutput(provider);
  let response: Record<string, unknown> | undefined;
  let usage: Usage = { inputTokens: 0, outputTokens: 0 };

  const isAtLimit = () => usage.outputTokens >= (context.maxTokens ?? Infinity);

  function readEnd(given: unknown): ChatEvent[] {
    if (!isRecord(given)) throw garbled(provider, "the end of an answer has no `response`");
    response = given;
    usage = readUsage(given["usage"]) ?? usage;
    return [];
  }

  /** An answer that was not streamed although it was asked for. */
  function readWhole(whole: Record<string, unknown>, json: string): ChatEvent[] {
    const items = memberSpan(json, rootSpan(json), "output");
    const events = (items ? itemSpans(json, items) : []).flatMap((span, at) => {
      const text = json.slice(span.start, span.end);
      return output.finish(at, parseData(text, provider), text);
    });
    readEnd(whole);
    return events;
  }

  function read(json: string): ChatEvent[] {
    if (json === "[DONE]") return []; // some servers end all streams alike
    const event = parseData(json, provider);
    const { type, error } = event;
    if (type === "response.completed" || type === "response.incomplete") {
      return readEnd(event["response"]);
    }
    if (type === "response.failed") {
      const failed = isRecord(event["response"]) ? event["response"]["error"] : undefined;
      throw toStreamedRefusal({ provider, model }, failed ?? "the answer failed");
    }
    if (type === "error" || (type === undefined && error != null)) {
      throw toStreamedRefusal({ provider, model }, error ?? event);
    }
    if (typeof type === "string") return output.read(type, event, json);
    if (event["object"] === "response") return readWhole(event, json);
    throw garbled(provider, "an event has no `type`");
  }

  return {
    read,
    get finished() {
      return response !== undefined;
    },
    get over() {
      return response !== undefined;
    },
    end() {
      const why = whyIncomplete(response) ?? (isAtLimit() ? "max_output_tokens" : undefined);
      if (why === "content_filter") throw new Fault("MODEL_DECLINED", { provider, model });
      // What the limit cut in the middle of its arguments is no call.
      const calls = output.calls().filter((call) => !why || isJsonObject(call.argumentsJson));
      const items = output.sealed;
      return [
        ...calls.map((call): ChatEvent => ({ type: "tool-call", call: toCall(call, context) })),
        ...(items.length > 0
          ? [{ type: "sealed", sealed: { by: context.by, items } } as const]
          : []),
        {
          type: "done",
          reason: why ? "length" : calls.length > 0 ? "tool-calls" : "stop",
          usage,
        },
      ];
    },
  };
}

/** The items of one answer, by their place in it, which all events of an item share. */
function createOutput(provider: string) {
  const calls = new Map<number, Piece>();
  const sealed: SealedItem[] = [];
  /** Items whose text came in pieces: what they hold when they are done was shown already. */
  const spoken = new Set<number>();
  let hasText = false;

  const place = () => (calls.size > 0 || hasText ? calls.size + 1 : 0);

  function say(at: number, type: "text" | "reasoning", value: unknown): ChatEvent[] {
    if (typeof value !== "string" || value === "") return [];
    spoken.add(at);
    if (type === "text") hasText = true;
    return [{ type, text: value }];
  }

  /** Adds what an event says of a call; what it says of the whole wins over the pieces. */
  function call(at: number, { id, tool, argumentsJson }: Piece): ChatEvent[] {
    const known = calls.get(at) ?? { id: "", tool: "", argumentsJson: "" };
    calls.set(at, {
      id: id || known.id,
      tool: tool || known.tool,
      argumentsJson: argumentsJson || known.argumentsJson,
    });
    return [];
  }

  /** An item as it is in the end. Servers that stream no pieces of it say all of it here. */
  function finish(at: number, item: Record<string, unknown>, json: string): ChatEvent[] {
    const isNew = !spoken.has(at);
    switch (item["type"]) {
      case "function_call":
        return call(at, toPiece(item));
      case "reasoning":
        if (typeof item["encrypted_content"] === "string") sealed.push({ json, place: place() });
        return (isNew ? [...partsOf(item["summary"]), ...partsOf(item["content"])] : []).flatMap(
          (text) => say(at, "reasoning", text),
        );
      case "message":
        return (isNew ? partsOf(item["content"]) : []).flatMap((text) => say(at, "text", text));
      default:
        return []; // what the server's own tools did is not ours to show
    }
  }

  return {
    calls: () => [...calls.values()],
    sealed,
    finish,

    read(type: string, event: Record<string, unknown>, json: string): ChatEvent[] {
      const at = typeof event["output_index"] === "number" ? event["output_index"] : 0;
      const { item, delta } = event;
      switch (type) {
        case "response.output_item.added":
          return isRecord(item) && item["type"] === "function_call" ? call(at, toPiece(item)) : [];
        case "response.output_text.delta":
        case "response.refusal.delta": // the model says why it will not: an answer like any other
          return say(at, "text", delta);
        case "response.reasoning_text.delta":
        case "response.reasoning_summary_text.delta":
          return say(at, "reasoning", delta);
        case "response.reasoning_summary_part.added":
          return spoken.has(at) ? [{ type: "reasoning", text: "\n\n" }] : [];
        case "response.function_call_arguments.delta": {
          const known = calls.get(at);
          if (!known) throw garbled(provider, "arguments of a call that is not open");
          known.argumentsJson += toText(delta);
          return [];
        }
        case "response.function_call_arguments.done":
          return call(at, { id: "", tool: "", argumentsJson: toText(event["arguments"]) });
        case "response.output_item.done":
          return isRecord(item) ? finish(at, item, itemText(json)) : [];
        default:
          return []; // openings, closings and kinds that may be added at any time
      }
    },
  };
}

const toPiece = (item: Record<string, unknown>): Piece => ({
  id: toText(item["call_id"]),
  tool: toText(item["name"]),
  argumentsJson: toText(item["arguments"]),
});

/** Undefined for an answer that is whole. */
function whyIncomplete(response: Record<string, unknown> | undefined): string | undefined {
  if (response?.["status"] !== "incomplete") return undefined;
  const details = response["incomplete_details"];
  return (isRecord(details) && toText(details["reason"])) || "max_output_tokens";
}

/** The item of an event, as the server wrote it. */
function itemText(json: string): string {
  const item = memberSpan(json, rootSpan(json), "item");
  return item ? json.slice(item.start, item.end) : "{}";
}

function toCall({ id, tool, argumentsJson }: Piece, context: AnswerContext): ToolCall {
  if (tool === "") throw garbled(context.provider, "a tool call has no name");
  const json = argumentsJson.trim() === "" ? "{}" : argumentsJson;
  return { id: takeCallId(id, context), tool, argumentsJson: json };
}

/** The texts of an item's parts. */
const partsOf = (parts: unknown): unknown[] =>
  (Array.isArray(parts) ? parts : []).flatMap((part: unknown) =>
    isRecord(part) ? [part["text"] ?? part["refusal"]] : [],
  );

const toText = (value: unknown) => (typeof value === "string" ? value : "");

type Usage = { inputTokens: number; outputTokens: number; cachedTokens?: number };

function readUsage(value: unknown): Usage | undefined {
  const counts = Counts.safeParse(value);
  if (!counts.success) return undefined; // counts are for the books; an answer does not fail for them
  const { input_tokens, output_tokens, input_tokens_details: details } = counts.data;
  return {
    inputTokens: input_tokens ?? 0,
    outputTokens: output_tokens ?? 0,
    ...(details?.cached_tokens != null && { cachedTokens: details.cached_tokens }),
  };
}

const count = z.number().nonnegative().nullish();
const Counts = z.object({
  input_tokens: count,
  output_tokens: count,
  input_tokens_details: z.object({ cached_tokens: count }).nullish(),
});
