/** What a model's cache is made of, from the metadata of its file (GGUF keys, as Ollama gives them too). Pure. */

import type { ModelShape } from "../../protocol/model-keeping.ts";

/** Undefined where the metadata does not say enough. Keys carry the architecture: `qwen3.block_count`, … */
export function readShape(metadata: Readonly<Record<string, unknown>>): ModelShape | undefined {
  const architecture = metadata["general.architecture"];
  if (typeof architecture !== "string") return undefined;
  const at = (key: string) => toCount(metadata[`${architecture}.${key}`]);
  const layers = at("block_count");
  const heads = at("attention.head_count");
  const width = at("embedding_length");
  if (layers === undefined) return undefined;
  const kvHeads = toCounts(metadata[`${architecture}.attention.head_count_kv`]) ?? heads;
  const usual = heads && width ? width / heads : undefined;
  const keyLength = at("attention.key_length") ?? usual;
  const valueLength = at("attention.value_length") ?? usual;
  if (kvHeads === undefined || keyLength === undefined || valueLength === undefined)
    return undefined;
  const contextTokens = at("context_length");
  const parameterCount = toCount(metadata["general.parameter_count"]);
  return {
    layers,
    kvHeads,
    keyLength,
    valueLength,
    ...(contextTokens !== undefined && { contextTokens }),
    ...(parameterCount !== undefined && { parameterCount }),
  };
}

const toCount = (value: unknown) =>
  typeof value === "number" && Number.isFinite(value) && value > 0 ? value : undefined;

/** Some architectures give a number for each layer, 0 for those that keep nothing. */
function toCounts(value: unknown): number | readonly number[] | undefined {
  if (!Array.isArray(value)) return toCount(value);
  const counts = value.filter((item) => typeof item === "number" && item >= 0);
  return counts.length === value.length && counts.length > 0 ? counts : undefined;
}
