/**
 * Anthropic's Messages API, and servers that speak it on their own (llama.cpp, LM Studio, Ollama, vLLM,
 * LiteLLM). Keys go in `x-api-key`; servers that are not Anthropic's get them as a bearer too.
 */

import { z } from "zod";

import type { DialectOptions } from "../dialect.ts";
import { createModelServer } from "../model-server.ts";
import { listOpenAiModels } from "../openai-models.ts";
import { presetOf, rootOf } from "../presets.ts";
import type { ChatEvent, ChatRequest, Model, Provider } from "../provider.ts";
import { knownCallIds } from "../replay.ts";
import { streamAnswer } from "../streamed.ts";
import { createMessagesEncoder, type MessagesEncoder } from "./request.ts";
import { createMessagesReader } from "./stream.ts";

/** The version of the API that this file was written for; the only one there has been since 2023. */
const VERSION = "2023-06-01";

export function createAnthropicMessages(options: DialectOptions): Provider {
  const { id, newCallId, apiKey, product = "custom" } = options;
  const isAnthropic = product === "anthropic";
  const root = rootOf(options.baseUrl);
  const server = createModelServer({
    ...options,
    baseUrl: root,
    apiKey: isAnthropic ? undefined : apiKey,
    headers: {
      "anthropic-version": VERSION,
      ...(apiKey && { "x-api-key": apiKey }),
      ...options.headers,
    },
  });
  const encoders = new Map<string, MessagesEncoder>();

  function encode(request: ChatRequest): string {
    const { model } = request;
    let encoder = encoders.get(model);
    if (!encoder) {
      const compat = options.compatOf?.(model) ?? {};
      encoder = createMessagesEncoder({
        by: `${id}/${model}`,
        compat,
        marksCache: isAnthropic,
        takesReasoning:
          compat.requiresReasoningContentOnAssistantMessages ??
          presetOf(product).quirks.takesReasoningItems ??
          false,
      });
      encoders.set(model, encoder);
    }
    return encoder(request);
  }

  const listModels = async (signal: AbortSignal): Promise<Model[]> => {
    if (!isAnthropic) return listOpenAiModels(server, "/v1", product, signal);
    const { data } = await server.read(`/v1/models?limit=${MOST_MODELS}`, Models, signal);
    return data.map(toModel);
  };

  function chat(request: ChatRequest, signal: AbortSignal): AsyncIterable<ChatEvent> {
    const { model } = request;
    const names = async (signal: AbortSignal) => (await listModels(signal)).map(({ id }) => id);
    const sent = { path: "/v1/messages", body: encode(request), model, names };
    const usedIds = knownCallIds(request.messages);
    const by = `${id}/${model}`;
    const answer = createMessagesReader({ provider: id, model, newCallId, usedIds, by });
    return streamAnswer(server, sent, answer, signal);
  }

  return { id, baseUrl: options.baseUrl, listModels, chat };
}

/** The most that one page may hold; there are a dozen. */
const MOST_MODELS = 1000;

/** Every model since Claude 3 reads images, calls tools and has this context, as its documentation says. */
const CONTEXT_TOKENS = 200_000;

function toModel({ id, max_input_tokens, capabilities }: z.infer<typeof Entry>): Model {
  return {
    id,
    locality: "cloud",
    contextTokens: max_input_tokens ?? CONTEXT_TOKENS,
    tools: true,
    vision: capabilities?.image_input?.supported ?? true,
    ...(capabilities?.thinking?.supported != null && {
      reasoning: capabilities.thinking.supported,
    }),
    chat: true,
  };
}

const Ability = z.object({ supported: z.boolean().nullish() }).nullish();
const Entry = z.object({
  id: z.string().min(1),
  max_input_tokens: z.number().positive().nullish(),
  capabilities: z.object({ image_input: Ability, thinking: Ability }).nullish(),
});
const Models = z.object({ data: z.array(Entry) });
