/**
 * OpenAI's `/v1/chat/completions`, as LM Studio, llama.cpp, vLLM, SGLang, MLX, LiteLLM and many others
 * speak it: server-sent events, one `data:` line a chunk.
 */

import { Fault } from "../base/fault.ts";
import { createLineReader } from "../base/lines.ts";
import type { DialectOptions } from "./dialect.ts";
import { createModelServer } from "./model-server.ts";
import { listOpenAiModels } from "./openai-models.ts";
import { createOpenAiEncoder, type OpenAiEncoder } from "./openai-request.ts";
import { createAnswerReader } from "./openai-stream.ts";
import { presetOf, rootOf } from "./presets.ts";
import type { ChatEvent, ChatRequest, Provider } from "./provider.ts";
import { knownCallIds } from "./replay.ts";

/** A chunk holds one token or a piece of a call; an answer that was not streamed is one line. */
const MAX_LINE = 16 * 1024 * 1024;

export function createOpenAiCompletions(options: DialectOptions): Provider {
  const { id, newCallId, product = "custom" } = options;
  const root = rootOf(options.baseUrl);
  const server = createModelServer({ ...options, baseUrl: root });
  const api = apiPath(options.baseUrl);
  const encoders = new Map<string, OpenAiEncoder>();

  function encode(request: ChatRequest): string {
    let encoder = encoders.get(request.model);
    if (!encoder) {
      const compat = options.compatOf?.(request.model) ?? {};
      encoder = createOpenAiEncoder(presetOf(product).quirks, compat);
      encoders.set(request.model, encoder);
    }
    return encoder(request);
  }

  const listModels = (signal: AbortSignal) => listOpenAiModels(server, api, product, signal);

  async function* chat(request: ChatRequest, signal: AbortSignal): AsyncGenerator<ChatEvent> {
    const { model } = request;
    const names = async (signal: AbortSignal) => (await listModels(signal)).map(({ id }) => id);
    const sent = { path: `${api}/chat/completions`, body: encode(request), model, names };
    const body = await server.stream(sent, signal);
    const usedIds = knownCallIds(request.messages);
    const answer = createAnswerReader({ provider: id, model, newCallId, usedIds });
    const chunks = createChunkReader();
    let done = false;
    /** Lazy: what comes before a broken chunk is told before it throws. */
    function* read(jsons: readonly string[]): Generator<ChatEvent> {
      for (const json of jsons) {
        // What may follow `[DONE]` is read to its end and dropped: the connection can be used again.
        if (done) continue;
        done = json === "[DONE]";
        yield* done ? answer.end() : answer.read(json);
      }
    }
    try {
      for await (const bytes of body) for (const event of read(chunks.read(bytes))) yield event;
      for (const event of read(chunks.end())) yield event;
    } catch (error) {
      // A connection that breaks after the finish has told all but the counts.
      const failure = server.toReadFailure(error, signal);
      const cut = failure instanceof Fault && failure.code === "MODEL_STREAM_CUT";
      if (!done && !(answer.finished && cut)) throw failure;
    }
    if (done) return;
    if (!answer.finished) throw server.toReadFailure(undefined, signal);
    for (const event of answer.end()) yield event;
  }

  return { id, baseUrl: options.baseUrl, listModels, chat };
}

/** `/v1`, unless the address brings a path of its own (`…/openai`, `…/api/v3`). */
function apiPath(baseUrl: string): string {
  const path = rootOf(baseUrl).replace(/^(https?:\/\/[^/]+|unix:[^:]*:?)/, "");
  return path === "" || /\/v1\/?$/.test(baseUrl) ? "/v1" : "";
}

/**
 * The data of each event. By line and not by event: every server puts a chunk on one `data:` line, and
 * some forget the empty line between two. An answer that is no event stream at all (JSON in spite of
 * `stream: true`, over any number of lines) comes whole.
 */
function createChunkReader() {
  const lines = createLineReader({ maxLength: MAX_LINE });
  let stray = "";
  const take = (read: readonly string[]): string[] =>
    read.flatMap((line) => {
      if (line.startsWith("data:")) return line.slice(5).trim();
      if (!/^(:|event:|id:|retry:)/.test(line)) stray += `${line}\n`;
      if (stray.length > MAX_LINE) throw new RangeError(`an answer exceeds ${MAX_LINE} characters`);
      return [];
    });
  return {
    read: (bytes: Uint8Array) => take(lines.read(bytes)),
    end: () => {
      const last = take(lines.end());
      return stray === "" ? last : [...last, stray.trim()];
    },
  };
}
