/** `/v1/embeddings` (https://platform.openai.com/docs/api-reference/embeddings/create). */

import { z } from "zod";

import { Fault } from "../../base/fault.ts";
import type { Candidate, Router } from "../../models/candidate.ts";
import type { Embedding, EmbedRequest } from "../../models/provider.ts";
import { defineRoute, type Route } from "../../protocol/route.ts";
import { invalid } from "./conversation.ts";
import { parseTarget } from "./target.ts";
import { CHAT_BODY_BYTES, ModelName } from "./wire.ts";

export type EmbeddingDeps = {
  router: Router;
  /** The ids under `agents.entries`. */
  agents: readonly string[];
};

/** As many as OpenAI takes. */
const MAX_TEXTS = 2048;
/**
 * So many go to a server at once: between two such batches a person may go first, and the vectors of one,
 * 8,192 numbers each at most, fit into what is read of an answer.
 */
const BATCH = 32;

const Embeddings = z.object({
  model: ModelName,
  input: z.preprocess(
    (input) => (typeof input === "string" ? [input] : input),
    z
      .array(
        z
          .string("must be text: the numbers of tokens are one tokenizer's own")
          .min(1, "must not be empty"),
        "must be text or an array of texts",
      )
      .min(1)
      .max(MAX_TEXTS),
  ),
  encoding_format: z.enum(["float", "base64"]).nullish(),
  dimensions: z.int().positive().nullish(),
});

export function embeddingRoute({ router, agents }: EmbeddingDeps): Route {
  return defineRoute({
    method: "POST",
    path: "/v1/embeddings",
    scope: "chat",
    body: Embeddings,
    maxBodyBytes: CHAT_BODY_BYTES,
    handle: async ({ caller: { person }, body, signal }) => {
      const target = parseTarget(body.model, agents);
      if (target.kind === "agent") {
        throw invalid("model", 'must be "provider/model": an agent makes no embeddings');
      }
      const [candidate] = await router.route({ picked: target.ref }, signal);
      // A router throws where nothing is left; an empty route would be its bug.
      if (!candidate) throw new Error(`an empty route for "${target.ref}"`);
      const { vectors, inputTokens } = await embedAll(candidate, body, person, signal);
      const write =
        body.encoding_format === "base64" ? toBase64 : (vector: readonly number[]) => vector;
      return {
        object: "list",
        data: vectors.map((vector, index) => ({
          object: "embedding",
          index,
          embedding: write(vector),
        })),
        model: body.model,
        usage: { prompt_tokens: inputTokens, total_tokens: inputTokens },
      };
    },
  });
}

async function embedAll(
  { ref, provider, model, contextTokens, params }: Candidate,
  { input, dimensions }: z.infer<typeof Embeddings>,
  person: string,
  signal: AbortSignal,
): Promise<Embedding> {
  if (!provider.embed) throw new Fault("MODEL_WITHOUT_EMBEDDINGS", { ref });
  const vectors: (readonly number[])[] = [];
  let inputTokens = 0;
  for (let from = 0; from < input.length; from += BATCH) {
    const request: EmbedRequest = {
      model: model.id,
      texts: input.slice(from, from + BATCH),
      contextTokens,
      params,
      person,
      priority: "api",
      ...(dimensions != null && { dimensions }),
    };
    const made = await provider.embed(request, signal);
    vectors.push(...made.vectors);
    inputTokens += made.inputTokens;
  }
  return { vectors, inputTokens };
}

/** 32-bit floats, the lowest byte first, as OpenAI packs them: a third of the size as text. */
function toBase64(vector: readonly number[]): string {
  const bytes = Buffer.alloc(vector.length * 4);
  vector.forEach((value, index) => bytes.writeFloatLE(value, index * 4));
  return bytes.toString("base64");
}
