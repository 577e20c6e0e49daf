/**
 * OpenAI's `/v1/chat/completions`, as LM Studio, llama.cpp, vLLM, SGLang, MLX, LiteLLM and many others
 * speak it: server-sent events, one `data:` line a chunk.
 */

import type { DialectOptions } from "./dialect.ts";
import { createOpenAiEmbed } from "./embeddings/openai-embed.ts";
import { createModelServer } from "./model-server.ts";
import { listOpenAiModels } from "./openai-models.ts";
import { createOpenAiEncoder, type OpenAiEncoder } from "./openai-request.ts";
import { createAnswerReader } from "./openai-stream.ts";
import { presetOf, rootOf } from "./presets.ts";
import type { ChatEvent, ChatRequest, Provider } from "./provider.ts";
import { knownCallIds } from "./replay.ts";
import { streamAnswer } from "./streamed.ts";

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

  function chat(request: ChatRequest, signal: AbortSignal): AsyncIterable<ChatEvent> {
    const { model } = request;
    const names = async (signal: AbortSignal) => (await listModels(signal)).map(({ id }) => id);
    const sent = { path: `${api}/chat/completions`, body: encode(request), model, names };
    const usedIds = knownCallIds(request.messages);
    const answer = createAnswerReader({ provider: id, model, newCallId, usedIds });
    return streamAnswer(server, sent, answer, signal);
  }

  const embed = createOpenAiEmbed(server, api);
  return { id, baseUrl: options.baseUrl, listModels, chat, embed };
}

/** `/v1`, unless the address brings a path of its own (`…/openai`, `…/api/v3`). */
export function apiPath(baseUrl: string): string {
  const path = rootOf(baseUrl).replace(/^(https?:\/\/[^/]+|unix:[^:]*:?)/, "");
  return path === "" || /\/v1\/?$/.test(baseUrl) ? "/v1" : "";
}
