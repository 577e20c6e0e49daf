/**
 * How much context a model is used with. Pure. The agent budgets it and Ollama is sent it, so it is one
 * value for one server and model: with another, the server loads the model anew.
 */

import type { Model } from "./provider.ts";
import type { ModelSettings } from "./settings.ts";

export type ContextChoice = { contextTokens: number; why: string };

/** Prompt and tools take about 800 tokens, with notes and memories up to 2,700; a short task fits into this. */
export const LEAST_CONTEXT = 8_192;

const GIB = 1024 ** 3;

/**
 * A cache for 8k tokens takes about 1 GB with an 8B model (eight key-value heads, 16 bit), and a machine
 * needs room for the weights as well: an eighth of the memory goes to the cache.
 */
const BY_MEMORY = [
  { totalBytes: 60 * GIB, contextTokens: 32_768 },
  { totalBytes: 28 * GIB, contextTokens: 16_384 },
  { totalBytes: 0, contextTokens: LEAST_CONTEXT },
];

export type ContextInput = {
  model: Model;
  settings: ModelSettings | undefined;
  /** Whether the server takes the size with each request (Ollama), or has fixed it (all others). */
  settable: boolean;
  totalMemoryBytes: number;
};

/** What the server says is a limit, what config says a wish, and memory decides where nobody speaks. */
export function chooseContext(input: ContextInput): ContextChoice {
  const { model, settings, settable } = input;
  const wish = toTokens(settings?.params?.["num_ctx"]) ?? settings?.contextWindow;
  const limit = settable
    ? (model.contextTokens ?? Infinity)
    : (model.loadedContextTokens ?? model.contextTokens ?? Infinity);
  if (wish !== undefined) {
    return wish <= limit
      ? { contextTokens: wish, why: "as configured" }
      : { contextTokens: limit, why: `the server's limit; ${wish} are configured` };
  }
  if (!settable && limit !== Infinity) return { contextTokens: limit, why: "as the server has it" };
  const { contextTokens, why } = settable ? chooseFreely(input) : { ...UNKNOWN };
  return contextTokens <= limit
    ? { contextTokens, why }
    : { contextTokens: limit, why: "the most the model was made for" };
}

const UNKNOWN = { contextTokens: LEAST_CONTEXT, why: "the server does not say how much it has" };

function chooseFreely({ model, totalMemoryBytes }: ContextInput): ContextChoice {
  const loaded = model.loadedContextTokens ?? 0;
  // A larger or smaller one would load the model anew, in front of a waiting person.
  if (loaded >= LEAST_CONTEXT) return { contextTokens: loaded, why: "as it is loaded" };
  const preferred = model.preferredContextTokens;
  if (preferred !== undefined) return { contextTokens: preferred, why: "as its Modelfile says" };
  const row = BY_MEMORY.find(({ totalBytes }) => totalMemoryBytes >= totalBytes);
  const gib = Math.round(totalMemoryBytes / GIB);
  return {
    contextTokens: row?.contextTokens ?? LEAST_CONTEXT,
    why: `what a machine with ${gib} GiB of memory bears`,
  };
}

/** `num_ctx` may be a number or its text; anything else is no wish. */
function toTokens(value: unknown): number | undefined {
  const tokens = typeof value === "string" ? Number(value) : value;
  return typeof tokens === "number" && Number.isInteger(tokens) && tokens >= 1024
    ? tokens
    : undefined;
}
