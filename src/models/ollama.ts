/**
 * Ollama, over its native `/api/chat`: newline-delimited JSON, one small object a token.
 *
 * Not over its OpenAI-compatible `/v1`: that endpoint loses tool calls while streaming
 * (ollama/ollama#9092), and takes no context size.
 */

import { z } from "zod";

import { Fault } from "../base/fault.ts";
import { isRecord, itemSpans, memberSpan, rootSpan } from "../base/json.ts";
import { readLines } from "../base/lines.ts";
import type { ToolCall } from "../protocol/message.ts";
import type { DialectOptions } from "./dialect.ts";
import { createModelServer } from "./model-server.ts";
import { createOllamaListing } from "./ollama-models.ts";
import { createOllamaEncoder } from "./ollama-request.ts";
import type { ChatEvent, ChatRequest, Provider } from "./provider.ts";
import { toStreamedRefusal } from "./refusal.ts";
import { knownCallIds } from "./replay.ts";

/** A line holds one token or one tool call; a call may carry a file, no call carries more than this. */
const MAX_LINE = 16 * 1024 * 1024;

export function createOllama(options: DialectOptions): Provider {
  const { id, newCallId } = options;
  const baseUrl = options.baseUrl.replace(/\/+$/, "").replace(/\/(v1|api)$/, "");
  const server = createModelServer({ ...options, baseUrl });
  const listing = createOllamaListing(server);
  const encode = createOllamaEncoder();

  async function names(signal: AbortSignal): Promise<string[]> {
    return (await server.read("/api/tags", Names, signal)).models.map(({ name }) => name);
  }

  async function* chat(request: ChatRequest, signal: AbortSignal): AsyncGenerator<ChatEvent> {
    const { model } = request;
    const sent = { path: "/api/chat", body: encode(request), model, names };
    const body = await server.stream(sent, signal);
    const calls = collectCalls(request, newCallId);
    let done = false;
    try {
      for await (const line of readLines(body, { maxLength: MAX_LINE })) {
        // What may follow `done` is read to its end and dropped: the connection can be used again.
        if (done) continue;
        const chunk = readChunk(line, id, model);
        if (chunk.reasoning) yield { type: "reasoning", text: chunk.reasoning };
        if (chunk.text) yield { type: "text", text: chunk.text };
        if (chunk.hasCalls) calls.add(line, id);
        if (!chunk.done) continue;
        done = true;
        for (const call of calls.all()) yield { type: "tool-call", call };
        yield toDone(line, id, calls.all().length > 0);
      }
    } catch (error) {
      if (!done) throw server.toReadFailure(error, signal);
    }
    if (!done) throw server.toReadFailure(undefined, signal);
  }

  return { id, baseUrl, listModels: (signal) => listing.list(signal), chat };
}

type Chunk = { text: string; reasoning: string; hasCalls: boolean; done: boolean };

/**
 * One line. Checked by hand and not by a schema, because this runs for every token: about 5 µs from
 * bytes to event, 1 of them JSON.parse; a schema alone would add 0.5 to 1 (two cores of a small machine).
 */
function readChunk(line: string, provider: string, model: string): Chunk {
  const value = parseLine(line, provider);
  const error = value["error"] ?? undefined;
  if (error !== undefined) throw toStreamedRefusal({ provider, model }, error);
  const message = value["message"];
  const done = value["done"] === true;
  if (!isRecord(message)) {
    if (done) return { text: "", reasoning: "", hasCalls: false, done };
    throw garbled(provider, "a line has neither `message`, `error` nor `done`");
  }
  const text = message["content"] ?? "";
  const reasoning = message["thinking"] ?? "";
  const calls = message["tool_calls"] ?? null;
  if (typeof text !== "string" || typeof reasoning !== "string") {
    throw garbled(provider, "`content` or `thinking` is no text");
  }
  return { text, reasoning, hasCalls: calls !== null, done };
}

function parseLine(line: string, provider: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (cause) {
    throw garbled(provider, `a line is not JSON: ${JSON.stringify(line.slice(0, 80))}`, cause);
  }
  if (isRecord(value)) return value;
  throw garbled(provider, "a line is no JSON object");
}

/**
 * Tool calls of all lines, in order; they stand in any line, not only the last. A server that repeats a
 * call under its id means the same call; one that gives an id twice for different calls gets ours.
 */
function collectCalls(request: ChatRequest, newCallId: () => string) {
  const calls: ToolCall[] = [];
  const used = knownCallIds(request.messages);
  const own = new Map<string, ToolCall>();
  return {
    all: () => calls,
    add(line: string, provider: string): void {
      for (const { id, tool, argumentsJson } of readCalls(line, provider)) {
        const twin = own.get(id);
        if (twin && twin.tool === tool && twin.argumentsJson === argumentsJson) continue;
        const call = { id: id === "" || used.has(id) ? newCallId() : id, tool, argumentsJson };
        used.add(call.id);
        if (id !== "") own.set(id, call);
        calls.push(call);
      }
    },
  };
}

/** The calls of one line, their arguments cut out as they stand in it. */
function readCalls(line: string, provider: string): ToolCall[] {
  const parsed = Calls.safeParse(JSON.parse(line));
  if (!parsed.success) throw garbled(provider, "a tool call has no name", parsed.error);
  const message = memberSpan(line, rootSpan(line), "message");
  const array = message && memberSpan(line, message, "tool_calls");
  const spans = array ? itemSpans(line, array) : [];
  return parsed.data.message.tool_calls.map((call, index) => {
    const span = spans[index];
    const called = span && memberSpan(line, span, "function");
    const raw = called && memberSpan(line, called, "arguments");
    // Some models behind older servers give the object as a JSON string: its text is the arguments.
    const given = call.function.arguments;
    const text = typeof given === "string" ? given : raw && line.slice(raw.start, raw.end);
    const argumentsJson = text && text !== "null" ? text : "{}";
    return { id: call.id ?? "", tool: call.function.name, argumentsJson };
  });
}

function toDone(line: string, provider: string, called: boolean): ChatEvent {
  const counts = Counts.safeParse(JSON.parse(line));
  if (!counts.success) throw garbled(provider, "the counts are no numbers", counts.error);
  const { done_reason, prompt_eval_count, eval_count } = counts.data;
  return {
    type: "done",
    reason: called ? "tool-calls" : done_reason === "length" ? "length" : "stop",
    usage: { inputTokens: prompt_eval_count, outputTokens: eval_count },
  };
}

const garbled = (provider: string, detail: string, cause?: unknown) =>
  new Fault("MODEL_GARBLED", { provider, detail }, { cause });

const Names = z.object({ models: z.array(z.object({ name: z.string() })) });

const Calls = z.object({
  message: z.object({
    tool_calls: z.array(
      z.object({
        id: z.string().nullish(),
        function: z.object({ name: z.string().min(1), arguments: z.unknown() }),
      }),
    ),
  }),
});

const Counts = z.object({
  done_reason: z.string().nullish(),
  prompt_eval_count: z.number().nonnegative().default(0),
  eval_count: z.number().nonnegative().default(0),
});
