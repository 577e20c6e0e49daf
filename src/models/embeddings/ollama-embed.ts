import { z } from "zod";

import type { ModelServer } from "../model-server.ts";
import { toOllamaFields } from "../params/fields.ts";
import type { EmbedRequest, Provider } from "../provider.ts";
import { toEmbedding } from "./vectors.ts";

/** Over Ollama's `/api/embed` (docs/api.md of ollama/ollama). */
export function createOllamaEmbed(server: ModelServer): NonNullable<Provider["embed"]> {
  return async (request, signal) => {
    const { model } = request;
    const act = { path: "/api/embed", purpose: "models.embed", model, body: toBody(request) };
    const { embeddings, prompt_eval_count } = await server.act(act, Answer, signal);
    return toEmbedding(embeddings, prompt_eval_count ?? 0, { request, provider: server.id });
  };
}

function toBody({ model, texts, dimensions, params, contextTokens }: EmbedRequest): object {
  const { options, top } = toOllamaFields(params);
  return {
    model,
    input: texts,
    // Else the end of a long text is dropped without a word, and its vector is of something else.
    truncate: false,
    ...(top["keep_alive"] !== undefined && { keep_alive: top["keep_alive"] }),
    ...(dimensions !== undefined && { dimensions }),
    // With another size the server would load the model anew.
    options: { ...options, num_ctx: contextTokens },
  };
}

const Answer = z.object({
  embeddings: z.array(z.array(z.number())),
  prompt_eval_count: z.number().nonnegative().nullish(),
});
