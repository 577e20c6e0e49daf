/**
 * What servers that speak OpenAI's dialect say of their models. `/v1/models` gives little more than
 * names; most products say the rest at an address of their own.
 */

import { z } from "zod";

import { Fault } from "../base/fault.ts";
import type { ModelServer } from "./model-server.ts";
import { presetOf, type ProductId } from "./presets.ts";
import type { Model } from "./provider.ts";

/** `api` is the path of the dialect, mostly "/v1". Throws as `listModels` does. */
export async function listOpenAiModels(
  server: ModelServer,
  api: string,
  product: ProductId,
  signal: AbortSignal,
): Promise<Model[]> {
  if (product === "lmstudio") {
    const own = await listLmStudio(server, signal);
    if (own) return own;
  }
  const { data } = await server.read(`${api}/models`, OpenAiModels, signal);
  const models = data.map(toModel);
  if (product === "openai") return models.map(toCloudModel);
  if (product === "llamacpp") return listLlamaCpp(server, data, models, signal);
  // What vLLM, SGLang and MLX list is in memory: they load at their start.
  const loaded = product === "vllm" || product === "sglang";
  return loaded ? models.map((model) => ({ ...model, loaded: true })) : models;
}

function toModel(entry: z.infer<typeof OpenAiModel>): Model {
  const served = entry.max_model_len ?? entry.context_length ?? entry.max_context_length;
  const trained = entry.meta?.n_ctx_train;
  return {
    id: entry.id,
    locality: "unknown",
    ...(served && { loadedContextTokens: served, contextTokens: served }),
    ...(trained && { contextTokens: trained }),
    ...(entry.meta?.size && { sizeBytes: entry.meta.size }),
  };
}

/**
 * OpenAI lists names and nothing else. Which of them do not chat, their names say; what its chat models
 * hold at least, its documentation.
 */
function toCloudModel(model: Model): Model {
  const { contextTokens } = presetOf("openai").quirks;
  return {
    ...model,
    locality: "cloud",
    ...(contextTokens !== undefined && { contextTokens }),
    ...(NO_CHAT.test(model.id) && { chat: false }),
  };
}

const NO_CHAT =
  /^(text-|whisper|tts|dall-e|gpt-image|chatgpt-image|sora|omni-moderation|babbage|davinci|computer-use)|-(tts|transcribe|realtime|audio|embedding|instruct)\b/;

/**
 * llama.cpp serves one model, and says in `/props` what it was loaded with; started without one it is a
 * router before several, and says of each whether it is loaded (tools/server/README.md).
 */
async function listLlamaCpp(
  server: ModelServer,
  data: readonly z.infer<typeof OpenAiModel>[],
  models: readonly Model[],
  signal: AbortSignal,
): Promise<Model[]> {
  const isRouter = data.some(({ status }) => status != null);
  if (!isRouter) {
    const [only] = models;
    return models.length === 1 && only
      ? [{ ...only, ...(await readProps(server, "/props", signal)) }]
      : [...models];
  }
  return Promise.all(
    models.map(async (model, at) => {
      const { value, args } = data[at]?.status ?? {};
      if (value !== "loaded") return { ...model, loaded: false, ...contextOf(args) };
      // Asked of that one's own process; what is not loaded must not be loaded for a question.
      const path = `/props?model=${encodeURIComponent(model.id)}&autoload=false`;
      return { ...model, ...(await readProps(server, path, signal)) };
    }),
  );
}

/** What it will be loaded with, where the router's arguments say so; 0 is as the model has it. */
function contextOf(args: readonly string[] | null | undefined): Partial<Model> {
  const at = args?.findIndex((arg) => arg === "--ctx-size" || arg === "-c") ?? -1;
  const tokens = at === -1 ? 0 : Number(args?.[at + 1]);
  return tokens > 0 ? { contextTokens: tokens } : {};
}

async function readProps(
  server: ModelServer,
  path: string,
  signal: AbortSignal,
): Promise<Partial<Model>> {
  const props = await tryRead(server, path, Props, signal);
  if (!props) return { loaded: true };
  const context = props.default_generation_settings?.n_ctx;
  const tools = props.chat_template_caps?.supports_tools;
  const vision = props.modalities?.vision;
  return {
    loaded: true,
    ...(context && { loadedContextTokens: context }),
    ...(tools !== undefined && { tools }),
    ...(vision !== undefined && { vision }),
  };
}

/** LM Studio's own listing: `/api/v1` since 0.4, `/api/v0` since 0.3.6. */
async function listLmStudio(
  server: ModelServer,
  signal: AbortSignal,
): Promise<Model[] | undefined> {
  const now = await tryRead(server, "/api/v1/models", LmStudioV1, signal);
  if (now) return now.models.map(fromLmStudioV1);
  const before = await tryRead(server, "/api/v0/models", LmStudioV0, signal);
  return before?.data.map(fromLmStudioV0);
}

function fromLmStudioV1(entry: z.infer<typeof LmStudioV1>["models"][number]): Model {
  const [instance] = entry.loaded_instances;
  const loadedContext = instance?.config?.context_length;
  return {
    id: entry.key,
    locality: "unknown",
    chat: entry.type !== "embedding" && entry.type !== "embeddings",
    loaded: instance !== undefined,
    ...(entry.max_context_length && { contextTokens: entry.max_context_length }),
    ...(loadedContext && { loadedContextTokens: loadedContext }),
    ...(entry.size_bytes && { sizeBytes: entry.size_bytes }),
    ...(entry.capabilities && {
      tools: entry.capabilities.trained_for_tool_use,
      vision: entry.capabilities.vision,
      ...(entry.capabilities.reasoning != null && { reasoning: true }),
    }),
  };
}

function fromLmStudioV0(entry: z.infer<typeof LmStudioV0>["data"][number]): Model {
  return {
    id: entry.id,
    locality: "unknown",
    chat: entry.type !== "embeddings",
    vision: entry.type === "vlm",
    loaded: entry.state === "loaded",
    ...(entry.max_context_length && { contextTokens: entry.max_context_length }),
    ...(entry.loaded_context_length && { loadedContextTokens: entry.loaded_context_length }),
    ...(entry.capabilities && { tools: entry.capabilities.includes("tool_use") }),
  };
}

/** What an older server may lack. A server that cannot be reached is still an error. */
async function tryRead<T>(
  server: ModelServer,
  path: string,
  schema: z.ZodType<T>,
  signal: AbortSignal,
): Promise<T | undefined> {
  try {
    return await server.read(path, schema, signal);
  } catch (error) {
    const absent = error instanceof Fault && error.code !== "MODEL_UNREACHABLE";
    if (absent && error.code !== "EGRESS_BLOCKED") return undefined;
    throw error;
  }
}

const size = z.number().positive().nullish();

const OpenAiModel = z.object({
  id: z.string().min(1),
  max_model_len: size,
  context_length: size,
  max_context_length: size,
  meta: z.object({ n_ctx_train: size, size }).nullish(),
  /** llama.cpp as a router: "unloaded", "loading", "loaded", and how it is started. */
  status: z.object({ value: z.string(), args: z.array(z.string()).nullish() }).nullish(),
});
const OpenAiModels = z.object({ data: z.array(OpenAiModel) });

const Props = z.object({
  default_generation_settings: z.object({ n_ctx: size }).nullish(),
  chat_template_caps: z.object({ supports_tools: z.boolean().optional() }).nullish(),
  modalities: z.object({ vision: z.boolean().optional() }).nullish(),
});

const LmStudioV1 = z.object({
  models: z.array(
    z.object({
      key: z.string().min(1),
      type: z.string(),
      size_bytes: size,
      max_context_length: size,
      loaded_instances: z
        .array(z.object({ config: z.object({ context_length: size }).nullish() }))
        .default([]),
      capabilities: z
        .object({
          vision: z.boolean().default(false),
          trained_for_tool_use: z.boolean().default(false),
          /** What one may choose of it; absent where it does not think. */
          reasoning: z.object({}).nullish(),
        })
        .nullish(),
    }),
  ),
});

const LmStudioV0 = z.object({
  data: z.array(
    z.object({
      id: z.string().min(1),
      type: z.string(),
      state: z.string(),
      max_context_length: size,
      loaded_context_length: size,
      capabilities: z.array(z.string()).nullish(),
    }),
  ),
});
