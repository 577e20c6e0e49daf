/**
 * What a server proves to be. Each product says something of itself that others do not; a server that
 * says nothing is "custom", whatever its port.
 */

import { z } from "zod";

import { Fault } from "../base/fault.ts";
import { createModelServer, type ModelServerOptions } from "./model-server.ts";
import type { ProductId } from "./presets.ts";

/**
 * Asks the server at `baseUrl` (without `/v1`) what it is. Undefined where it is no model server that we
 * can speak to. Throws `MODEL_UNREACHABLE`, `EGRESS_BLOCKED` or the signal's reason.
 */
export async function identify(
  options: ModelServerOptions,
  likely: ProductId,
  signal: AbortSignal,
): Promise<ProductId | undefined> {
  const server = createModelServer(options);

  /** Undefined where the answer is another one than expected. */
  async function ask<T>(path: string, schema: z.ZodType<T>): Promise<T | undefined> {
    try {
      return await server.read(path, schema, signal);
    } catch (error) {
      signal.throwIfAborted();
      const answered = error instanceof Fault && ANSWERED.has(error.code);
      if (answered) return undefined;
      throw error;
    }
  }

  const isOllama = async () => (await ask("/api/version", Version)) !== undefined;
  const isLiteLlm = async () => (await ask("/health/liveliness", Alive)) !== undefined;
  if (likely === "ollama" && (await isOllama())) return "ollama";
  // Asked before its models, which it shows to nobody without a key.
  if (likely === "litellm" && (await isLiteLlm())) return "litellm";
  const models = await ask("/v1/models", Models);
  const owner = models?.data[0]?.owned_by?.toLowerCase() ?? "";
  if (owner === "vllm" && (await ask("/version", Version))) return "vllm";
  if (owner === "sglang" && (await ask("/get_model_info", SglangInfo))) return "sglang";
  if (owner === "llamacpp" && (await ask("/props", Props))) return "llamacpp";
  // LM Studio first: it answers /api/version with an error that is JSON, and an empty list has no owner.
  if ((await ask("/api/v1/models", LmStudioV1)) ?? (await ask("/api/v0/models", LmStudioV0))) {
    return "lmstudio";
  }
  // As a router without a model yet.
  if (models?.data.length === 0 && (await ask("/props", Props))) return "llamacpp";
  if (likely !== "ollama" && (await isOllama())) return "ollama";
  if (likely !== "litellm" && (await isLiteLlm())) return "litellm";
  if (models === undefined) return undefined;
  if (models.data.every(hasNoOwner) && (await ask("/health", MlxHealth))) return "mlx";
  return likely === "mlx" || likely === "litellm" ? likely : "custom";
}

/** MLX alone names none: OpenAI's protocol asks for one, and the others obey. */
const hasNoOwner = ({ owned_by }: z.infer<typeof Models>["data"][number]) => owned_by === undefined;

/** The server answered, and not what we hoped for. */
const ANSWERED = new Set([
  "MODEL_GARBLED",
  "MODEL_REFUSED",
  "MODEL_KEY_REFUSED",
  "MODEL_STREAM_CUT",
]);

const Version = z.object({ version: z.string().min(1) });
const Models = z.object({
  data: z.array(z.object({ id: z.string(), owned_by: z.string().nullish() })),
});
const SglangInfo = z.object({ model_path: z.string() });
const Props = z.object({ default_generation_settings: z.object({}) });
const LmStudioV1 = z.object({
  models: z.array(z.object({ key: z.string(), loaded_instances: z.array(z.unknown()) })).min(1),
});
const LmStudioV0 = z.object({
  data: z.array(z.object({ id: z.string(), state: z.string(), type: z.string() })).min(1),
});
const MlxHealth = z.strictObject({ status: z.enum(["ok", "unavailable"]) });
const Alive = z.string().startsWith("I'm alive");
