/** How much memory a model takes with a context, and where it would run. Pure. */

import type { Estimate, Machine, Runs } from "../../protocol/model-fit.ts";
import type { ModelShape } from "../../protocol/model-keeping.ts";

/** Keys and values are kept with 16 bits each, unless somebody has set a smaller cache. */
const CACHE_VALUE_BYTES = 2;
/** Buffers for computing and the runtime itself: 0.4 to 1.2 GB were seen with models of 7B to 70B. */
const OVERHEAD_BYTES = 750e6;
/** The built-in one and its like, far below a gigabyte, take little beside themselves. */
const OVERHEAD_SHARE = 0.5;

/** The cache of one token. Models of one size differ by less than a quarter where the shape is not known. */
export function cacheBytesPerToken(shape: ModelShape | undefined, parameters: number): number {
  if (!shape) return guessCacheBytes(parameters);
  const { layers, kvHeads, keyLength, valueLength } = shape;
  const heads =
    typeof kvHeads === "number" ? kvHeads * layers : kvHeads.reduce((sum, heads) => sum + heads, 0);
  return heads * (keyLength + valueLength) * CACHE_VALUE_BYTES;
}

/** Qwen3 and Llama 3 of 8B, 14B, 32B and 70B keep 0.14, 0.16, 0.26 and 0.33 MB a token: a root's growth. */
const guessCacheBytes = (parameters: number) => 45_000 * Math.sqrt(parameters / 1e9);

export type Weights = {
  name: string;
  title: string;
  weightBytes: number;
  parameters?: number | undefined;
  quantisation?: string | undefined;
  shape?: ModelShape | undefined;
  maxContextTokens?: number | undefined;
  basis: Estimate["basis"];
  tools?: string | undefined;
  notes?: string | undefined;
};

export function estimate(
  weights: Weights,
  contextTokens: number,
  { usable }: Pick<Machine, "usable">,
): Estimate {
  const { name, title, weightBytes, basis, maxContextTokens = Infinity } = weights;
  const tokens = Math.min(contextTokens, maxContextTokens);
  // 16 bits are the most that anybody runs: a file of unknown content has at least this many parameters.
  const perToken = cacheBytesPerToken(weights.shape, weights.parameters ?? weightBytes / 2);
  const cacheBytes = Math.round(perToken * tokens);
  const overheadBytes = Math.round(Math.min(OVERHEAD_BYTES, weightBytes * OVERHEAD_SHARE));
  const fixed = weightBytes + overheadBytes;
  const totalBytes = fixed + cacheBytes;
  const runs = placeOf(totalBytes, usable);
  const room = {
    gpu: usable.gpuBytes,
    split: usable.gpuBytes + usable.ramBytes,
    cpu: usable.ramBytes,
  };
  const most = runs === "none" ? 0 : Math.floor((room[runs] - fixed) / perToken);
  return {
    name,
    title,
    ...(weights.parameters !== undefined && { parameters: weights.parameters }),
    ...(weights.quantisation !== undefined && { quantisation: weights.quantisation }),
    contextTokens: tokens,
    weightBytes: Math.round(weightBytes),
    cacheBytes,
    overheadBytes,
    totalBytes: Math.round(totalBytes),
    runs,
    ...(most > 0 && { mostContextTokens: toRound(Math.min(most, maxContextTokens)) }),
    basis,
    ...(weights.tools !== undefined && { tools: weights.tools }),
    ...(weights.notes !== undefined && { notes: weights.notes }),
  };
}

function placeOf(bytes: number, { gpuBytes, ramBytes }: Machine["usable"]): Runs {
  if (bytes <= gpuBytes) return "gpu";
  if (gpuBytes > 0 && bytes <= gpuBytes + ramBytes) return "split";
  return bytes <= ramBytes ? "cpu" : "none";
}

/** An estimate is no more exact than a kilotoken. */
const toRound = (tokens: number) => (tokens > 2_048 ? Math.floor(tokens / 1_024) * 1_024 : tokens);
