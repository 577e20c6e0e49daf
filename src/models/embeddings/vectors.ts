import { Fault } from "../../base/fault.ts";
import type { Embedding, EmbedRequest } from "../provider.ts";

/**
 * What a server gave, if it is what was asked for: a vector too few would file every later text under
 * another's. Throws `MODEL_GARBLED`, or `REQUEST_INVALID` where it does not let one choose the length.
 */
export function toEmbedding(
  vectors: readonly (readonly number[])[],
  inputTokens: number,
  { request, provider }: { request: EmbedRequest; provider: string },
): Embedding {
  const { texts, dimensions } = request;
  const [first = []] = vectors;
  if (vectors.length !== texts.length) {
    const detail = `it gave ${vectors.length} vectors for ${texts.length} texts`;
    throw new Fault("MODEL_GARBLED", { provider, detail });
  }
  if (first.length === 0 || vectors.some((vector) => vector.length !== first.length)) {
    throw new Fault("MODEL_GARBLED", { provider, detail: "its vectors are of different lengths" });
  }
  if (dimensions !== undefined && first.length !== dimensions) {
    const detail = `must be absent: "${provider}" gives vectors of ${first.length} alone`;
    throw new Fault("REQUEST_INVALID", { where: 'field "dimensions"', detail });
  }
  return { vectors, inputTokens };
}
