/**
 * OpenAI's Responses API, as OpenAI, LM Studio, llama.cpp and vLLM speak it. Stateless: every request
 * carries the conversation, and the server is asked to keep nothing of it.
 */

import { Fault } from "../../base/fault.ts";
import type { DialectOptions } from "../dialect.ts";
import { createOpenAiEmbed } from "../embeddings/openai-embed.ts";
import { createModelServer } from "../model-server.ts";
import { apiPath } from "../openai-completions.ts";
import { listOpenAiModels } from "../openai-models.ts";
import { presetOf, rootOf } from "../presets.ts";
import type { ChatEvent, ChatRequest, Provider } from "../provider.ts";
import { knownCallIds } from "../replay.ts";
import { streamAnswer } from "../streamed.ts";
import { createResponsesEncoder, type ResponsesEncoder } from "./request.ts";
import { createResponsesReader } from "./stream.ts";

export function createOpenAiResponses(options: DialectOptions): Provider {
  const { id, newCallId, product = "custom" } = options;
  const { quirks } = presetOf(product);
  const server = createModelServer({ ...options, baseUrl: rootOf(options.baseUrl) });
  const api = apiPath(options.baseUrl);
  const encoders = new Map<string, ResponsesEncoder>();
  /** Models that refused to encrypt their reasoning, since they have none. */
  const open = new Set<string>();

  function encode(request: ChatRequest): string {
    const { model } = request;
    let encoder = encoders.get(model);
    if (!encoder) {
      const compat = options.compatOf?.(model) ?? {};
      const wantsSealed = () => quirks.sealsReasoning === true && !open.has(model);
      encoder = createResponsesEncoder({
        by: `${id}/${model}`,
        quirks,
        compat,
        wantsSealed,
      });
      encoders.set(model, encoder);
    }
    return encoder(request);
  }

  const listModels = (signal: AbortSignal) => listOpenAiModels(server, api, product, signal);

  function ask(request: ChatRequest, signal: AbortSignal): AsyncIterable<ChatEvent> {
    const { model } = request;
    const names = async (signal: AbortSignal) => (await listModels(signal)).map(({ id }) => id);
    const sent = { path: `${api}/responses`, body: encode(request), model, names };
    const usedIds = knownCallIds(request.messages);
    const by = `${id}/${model}`;
    const { maxTokens } = request;
    const answer = createResponsesReader({
      provider: id,
      model,
      newCallId,
      usedIds,
      by,
      maxTokens,
    });
    return streamAnswer(server, sent, answer, signal);
  }

  async function* chat(request: ChatRequest, signal: AbortSignal): AsyncGenerator<ChatEvent> {
    try {
      yield* ask(request, signal);
    } catch (error) {
      if (open.has(request.model) || !isUnsealable(error)) throw error;
      // Said before anything came of the answer; which models have no reasoning, no listing says.
      open.add(request.model);
      yield* ask(request, signal);
    }
  }

  const embed = createOpenAiEmbed(server, api);
  return { id, baseUrl: options.baseUrl, listModels, chat, embed };
}

const isUnsealable = (error: unknown) =>
  error instanceof Fault &&
  error.code === "MODEL_REFUSED" &&
  /encrypted content is not supported/i.test(error.message);
