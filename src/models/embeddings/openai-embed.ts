import { z } from "zod";

import { Fault } from "../../base/fault.ts";
import type { ModelServer } from "../model-server.ts";
import type { Provider } from "../provider.ts";
import { toEmbedding } from "./vectors.ts";

/** Over `/v1/embeddings`; `api` is the path of the dialect, mostly "/v1". */
export function createOpenAiEmbed(
  server: ModelServer,
  api: string,
): NonNullable<Provider["embed"]> {
  return async (request, signal) => {
    const { model, texts, dimensions } = request;
    const body = {
      model,
      input: texts,
      // Every server has it; the packed form not all.
      encoding_format: "float",
      ...(dimensions !== undefined && { dimensions }),
    };
    const act = { path: `${api}/embeddings`, purpose: "models.embed", model, body };
    const { data, usage } = await server.act(act, Answer, signal).catch((error: unknown) => {
      throw isAbsent(error) ? toCannot(`${server.id}/${model}`, error) : error;
    });
    const vectors = data.toSorted((a, b) => a.index - b.index).map(({ embedding }) => embedding);
    return toEmbedding(vectors, usage?.prompt_tokens ?? 0, { request, provider: server.id });
  };
}

/** No such path, or something at it that is none of its answers: it does not do this. */
const isAbsent = (error: unknown) => error instanceof Fault && error.code === "MODEL_GARBLED";

const toCannot = (ref: string, cause: unknown) =>
  new Fault("MODEL_WITHOUT_EMBEDDINGS", { ref }, { cause });

const Answer = z.object({
  data: z.array(z.object({ index: z.int(), embedding: z.array(z.number()) })),
  usage: z.object({ prompt_tokens: z.number().nonnegative().nullish() }).nullish(),
});
