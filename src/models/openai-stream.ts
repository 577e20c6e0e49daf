/**
 * The answer of `/v1/chat/completions`, chunk by chunk. Servers agree on the outline and on little else:
 * each tolerance below is for one that exists.
 */

import { z } from "zod";

import { Fault } from "../base/fault.ts";
import { isJsonObject, isRecord, itemSpans, memberSpan, rootSpan } from "../base/json.ts";
import type { ToolCall } from "../protocol/message.ts";
import type { ChatEvent, Timings } from "./provider.ts";
import { toStreamedRefusal } from "./refusal.ts";
import { takeCallId } from "./replay.ts";
import { type AnswerContext, type AnswerReader, garbled, parseData } from "./streamed.ts";

type Piece = { id: string; tool: string; argumentsJson: string };

export function createAnswerReader(context: AnswerContext): AnswerReader {
  const { provider, model } = context;
  const calls: Piece[] = [];
  let finish = "";
  let over = false;
  let usage: Usage = { inputTokens: 0, outputTokens: 0 };
  let timings: Timings | undefined;

  /**
   * Checked by hand, because this runs for every token: about 8 µs from bytes to event (two cores of a
   * small machine). Only counts and calls, which are rare, go through a schema.
   */
  function read(json: string): ChatEvent[] {
    if (json === "[DONE]") {
      over = true;
      return [];
    }
    const chunk = parseData(json, provider);
    const error = chunk["error"] ?? (chunk["object"] === "error" ? chunk : undefined);
    if (error !== undefined) throw toStreamedRefusal({ provider, model }, error);
    if (chunk["usage"] ?? chunk["timings"]) {
      usage = readUsage(chunk) ?? usage;
      timings = readTimings(chunk) ?? timings;
    }
    if (isRecord(chunk["prompt_progress"])) return [toProgress(chunk["prompt_progress"])];
    const choices = chunk["choices"];
    if (!Array.isArray(choices)) {
      if (chunk["usage"] !== undefined || chunk["object"] === "chat.completion.chunk") return [];
      throw garbled(provider, "a chunk has no `choices`");
    }
    const choice: unknown = choices[0];
    if (!isRecord(choice)) return []; // the chunk that carries usage alone
    if (typeof choice["finish_reason"] === "string") finish = choice["finish_reason"];
    // `message` where a server did not stream although it was asked to.
    const delta = choice["delta"] ?? choice["message"];
    return isRecord(delta) ? readDelta(delta, json) : [];
  }

  function readDelta(delta: Record<string, unknown>, json: string): ChatEvent[] {
    const events: ChatEvent[] = [];
    const reasoning = delta["reasoning_content"] ?? delta["reasoning"] ?? "";
    const text = delta["content"] ?? "";
    if (typeof text !== "string") throw garbled(provider, "`content` is no text");
    // Some send reasoning as an object beside the text; what is no text is not shown.
    if (typeof reasoning === "string" && reasoning !== "") {
      events.push({ type: "reasoning", text: reasoning });
    }
    if (text !== "") events.push({ type: "text", text });
    if (delta["tool_calls"]) addPieces(calls, json, provider);
    return events;
  }

  return {
    read,
    get finished() {
      return finish !== "";
    },
    get over() {
      return over;
    },
    end() {
      if (finish === "error" || finish === "abort") {
        throw new Fault("MODEL_REFUSED", { provider, detail: `finish_reason "${finish}"` });
      }
      if (finish === "content_filter") throw new Fault("MODEL_DECLINED", { provider, model });
      // What the limit cut in the middle of its arguments is no call.
      const whole = finish === "length" ? calls.filter(isWhole) : calls;
      const events: ChatEvent[] = whole.map((piece) => ({
        type: "tool-call",
        call: toCall(piece, context),
      }));
      const called = events.length > 0;
      const reason = finish === "length" ? "length" : called ? "tool-calls" : "stop";
      return [...events, { type: "done", reason, usage, ...(timings && { timings }) }];
    },
  };
}

/**
 * Adds the pieces of one chunk to the calls they belong to: by `index`; where that is missing, or always
 * 0 (several proxies), a new id with a name begins a new call.
 */
function addPieces(calls: Piece[], json: string, provider: string): void {
  const pieces = Pieces.safeParse(JSON.parse(json));
  if (!pieces.success) throw garbled(provider, "a tool call is not of its form", pieces.error);
  const [{ delta, message }] = pieces.data.choices;
  for (const [position, piece] of (delta ?? message)?.tool_calls.entries() ?? []) {
    const id = piece.id ?? "";
    const tool = piece.function?.name ?? "";
    const index = piece.index ?? (message || tool !== "" ? calls.length : calls.length - 1);
    const known = calls[index];
    const argumentsJson = toArguments(piece.function?.arguments, json, position);
    const begins = !known || (id !== "" && known.id !== "" && id !== known.id && tool !== "");
    if (begins) {
      calls.push({ id, tool, argumentsJson });
      continue;
    }
    known.id ||= id;
    known.tool ||= tool;
    known.argumentsJson += argumentsJson;
  }
}

/** A piece of the string; an object, which some servers send whole, is cut out as it stands. */
function toArguments(value: unknown, json: string, position: number): string {
  if (typeof value === "string") return value;
  if (!isRecord(value)) return "";
  const path = ["choices", 0, "delta", "tool_calls", position, "function", "arguments"];
  let span = rootSpan(json);
  for (const step of path) {
    const inner =
      typeof step === "number"
        ? itemSpans(json, span)[step]
        : (memberSpan(json, span, step) ?? memberSpan(json, span, "message"));
    if (!inner) return JSON.stringify(value);
    span = inner;
  }
  return json.slice(span.start, span.end);
}

const isWhole = ({ argumentsJson }: Piece) => isJsonObject(argumentsJson);

function toCall({ id, tool, argumentsJson }: Piece, context: AnswerContext): ToolCall {
  if (tool === "") throw garbled(context.provider, "a tool call has no name");
  return {
    id: takeCallId(id, context),
    tool,
    argumentsJson: argumentsJson.trim() === "" ? "{}" : argumentsJson,
  };
}

function toProgress(progress: Record<string, unknown>): ChatEvent {
  const { processed, total } = progress;
  const known = typeof processed === "number" && typeof total === "number";
  const text = known
    ? `reading ${total.toLocaleString("en")} tokens, ${processed.toLocaleString("en")} done`
    : "reading the prompt";
  return { type: "progress", on: "model", text };
}

type Usage = { inputTokens: number; outputTokens: number; cachedTokens?: number };

/** From `usage`, else from llama.cpp's `timings`, which stand where older builds have no usage. */
function readUsage(chunk: Record<string, unknown>): Usage | undefined {
  const counts = Counts.safeParse(chunk);
  if (!counts.success) return undefined; // counts are for the books; an answer does not fail for them
  const { usage, timings } = counts.data;
  const cached = usage?.prompt_tokens_details?.cached_tokens ?? timings?.cache_n ?? undefined;
  return {
    inputTokens: usage?.prompt_tokens ?? (timings?.prompt_n ?? 0) + (timings?.cache_n ?? 0),
    outputTokens: usage?.completion_tokens ?? timings?.predicted_n ?? 0,
    ...(cached !== undefined && { cachedTokens: cached }),
  };
}

/** llama.cpp's: what was not cached, and how long it took to read. */
function readTimings(chunk: Record<string, unknown>): Timings | undefined {
  const { prompt_ms, prompt_n, predicted_ms } = Counts.safeParse(chunk).data?.timings ?? {};
  if (!prompt_ms && !predicted_ms) return undefined;
  return {
    ...(prompt_ms && { promptMs: prompt_ms }),
    ...(prompt_ms && prompt_n && { promptTokens: prompt_n }),
    ...(predicted_ms && { outputMs: predicted_ms }),
  };
}

const Calls = z.object({
  tool_calls: z
    .array(
      z.object({
        index: z.number().int().min(0).max(1000).nullish(),
        id: z.string().nullish(),
        function: z
          .object({ name: z.string().nullish(), arguments: z.unknown().optional() })
          .nullish(),
      }),
    )
    .nullish()
    .transform((list) => list ?? []),
});
const Pieces = z.object({
  choices: z.tuple([z.object({ delta: Calls.optional(), message: Calls.optional() })], z.unknown()),
});

const count = z.number().nonnegative().nullish();
const Counts = z.object({
  usage: z
    .object({
      prompt_tokens: count,
      completion_tokens: count,
      prompt_tokens_details: z.object({ cached_tokens: count }).nullish(),
    })
    .nullish(),
  timings: z
    .object({
      prompt_n: count,
      predicted_n: count,
      cache_n: count,
      prompt_ms: count.catch(undefined),
      predicted_ms: count.catch(undefined),
    })
    .nullish(),
});
