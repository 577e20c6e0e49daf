/**
 * Ollama, over its native `/api/chat`: newline-delimited JSON, one small object a token.
 *
 * Not over its OpenAI-compatible `/v1`: that endpoint loses tool calls while streaming
 * (ollama/ollama#9092), and takes no context size.
 */

import { z } from "zod";

import { Fault } from "../base/fault.ts";
import { itemSpans, memberSpan, rootSpan } from "../base/json.ts";
import { createLineReader } from "../base/lines.ts";
import type { ToolCall } from "../protocol/message.ts";
import type { DialectOptions } from "./dialect.ts";
import { createOllamaEmbed } from "./embeddings/ollama-embed.ts";
import { createModelServer } from "./model-server.ts";
import { createOllamaListing } from "./ollama-models.ts";
import { createOllamaEncoder } from "./ollama-request.ts";
import type { ChatEvent, ChatRequest, Provider, Timings } from "./provider.ts";
import { toStreamedRefusal } from "./refusal.ts";
import { knownCallIds } from "./replay.ts";

/** A line holds one token or one tool call; a call may carry a file, no call carries more than this. */
const MAX_LINE = 16 * 1024 * 1024;

export function createOllama(options: DialectOptions): Provider {
  const { id } = options;
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
    const lines = createLineReader({ maxLength: MAX_LINE });
    const answer = createAnswerReader(request, options);
    try {
      for await (const bytes of body) {
        for (const event of answer.read(lines.read(bytes))) yield event;
      }
      for (const event of answer.read(lines.end())) yield event;
    } catch (error) {
      if (!answer.done) throw server.toReadFailure(error, signal);
    }
    if (!answer.done) throw server.toReadFailure(undefined, signal);
  }

  const embed = createOllamaEmbed(server);
  return { id, baseUrl, listModels: (signal) => listing.list(signal), chat, embed };
}

function createAnswerReader(request: ChatRequest, { id, newCallId }: DialectOptions) {
  const calls = collectCalls(request, newCallId);
  let done = false;
  return {
    /** Whether the server has ended the answer well. */
    get done() {
      return done;
    },
    /** Lazy: what comes before a broken line is told before it throws. */
    *read(lines: readonly string[]): Generator<ChatEvent> {
      for (const line of lines) {
        // What may follow `done` is read to its end and dropped: the connection can be used again.
        if (done) continue;
        const chunk = readChunk(line, id, request.model);
        const { content, thinking, tool_calls } = chunk.message ?? {};
        if (thinking) yield { type: "reasoning", text: thinking };
        if (content) yield { type: "text", text: content };
        if (tool_calls) calls.add(line, chunk);
        if (!chunk.done) continue;
        done = true;
        for (const call of calls.all()) yield { type: "tool-call", call };
        yield toDone(chunk, calls.all().length > 0);
      }
    },
  };
}

/**
 * One line. This runs for every token: about 5 µs from bytes to event, 1 of them JSON.parse and 0.2 the
 * schema (two cores of a small machine).
 */
function readChunk(line: string, provider: string, model: string): Chunk {
  const parsed = Chunk.safeParse(parseLine(line, provider));
  if (!parsed.success) {
    const [issue] = parsed.error.issues;
    const detail = `\`${issue?.path.join(".")}\` is not what it should be`;
    throw garbled(provider, detail, parsed.error);
  }
  const chunk = parsed.data;
  if (chunk.error != null) throw toStreamedRefusal({ provider, model }, chunk.error);
  if (chunk.message || chunk.done) return chunk;
  throw garbled(provider, "a line has neither `message`, `error` nor `done`");
}

function parseLine(line: string, provider: string): unknown {
  try {
    return JSON.parse(line);
  } catch (cause) {
    throw garbled(provider, `a line is not JSON: ${JSON.stringify(line.slice(0, 80))}`, cause);
  }
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
    add(line: string, chunk: Chunk): void {
      for (const { id, tool, argumentsJson } of readCalls(line, chunk)) {
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
function readCalls(line: string, chunk: Chunk): ToolCall[] {
  const message = memberSpan(line, rootSpan(line), "message");
  const array = message && memberSpan(line, message, "tool_calls");
  const spans = array ? itemSpans(line, array) : [];
  return (chunk.message?.tool_calls ?? []).map((call, index) => {
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

const toDone = (chunk: Chunk, called: boolean): ChatEvent => ({
  type: "done",
  reason: called ? "tool-calls" : chunk.done_reason === "length" ? "length" : "stop",
  usage: { inputTokens: chunk.prompt_eval_count ?? 0, outputTokens: chunk.eval_count ?? 0 },
  ...timingsOf(chunk),
});

/** In nanoseconds; of the prompt only what was not cached was read, and nobody says how much that was. */
function timingsOf(chunk: Chunk): { timings?: Timings } {
  const { prompt_eval_duration, eval_duration, load_duration } = chunk;
  const timings: Timings = {
    ...(prompt_eval_duration && { promptMs: prompt_eval_duration / 1e6 }),
    ...(eval_duration && { outputMs: eval_duration / 1e6 }),
    ...(load_duration && { loadMs: load_duration / 1e6 }),
  };
  return Object.keys(timings).length > 0 ? { timings } : {};
}

const garbled = (provider: string, detail: string, cause?: unknown) =>
  new Fault("MODEL_GARBLED", { provider, detail }, { cause });

const Names = z.object({ models: z.array(z.object({ name: z.string() })) });

const Call = z.object({
  id: z.string().nullish(),
  function: z.object({ name: z.string().min(1), arguments: z.unknown().optional() }),
});

const Chunk = z.object({
  error: z.unknown().optional(),
  message: z
    .object({
      content: z.string().nullish(),
      thinking: z.string().nullish(),
      tool_calls: z.array(Call).nullish(),
    })
    .nullish(),
  done: z.boolean().nullish(),
  done_reason: z.string().nullish(),
  prompt_eval_count: z.number().nonnegative().nullish(),
  eval_count: z.number().nonnegative().nullish(),
  prompt_eval_duration: z.number().nonnegative().nullish().catch(undefined),
  eval_duration: z.number().nonnegative().nullish().catch(undefined),
  load_duration: z.number().nonnegative().nullish().catch(undefined),
});
type Chunk = z.infer<typeof Chunk>;
