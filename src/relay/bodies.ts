/**
 * What may stand in a body that is passed on. It is parsed, and written anew from these fields: whatever else
 * was in it (a path, an address to fetch from, a second key of the same name) is gone.
 */

import { z } from "zod";

export const ModelName = z
  .string()
  .min(1)
  .max(300)
  .regex(/^[\w.:/@+-]+$/, "is not the name of a model");

const Text = z.string();
const Flag = z.boolean();
const Count = z.int();

/** Base 64 and nothing else: an address in its place would be fetched by some servers. */
const Base64 = z.string().regex(/^[A-Za-z0-9+/]+={0,2}$/, "must be base 64");
const DataUrl = z
  .string()
  .regex(/^data:image\/(?:png|jpeg|gif|webp);base64,[A-Za-z0-9+/]+={0,2}$/, "must be a data: URL");

/** A JSON schema, or what else a model is shown as it is: nothing in it is fetched. */
const Free = z.unknown().refine(pointsInside, "must not point to another document");

function pointsInside(value: unknown): boolean {
  if (Array.isArray(value)) return value.every(pointsInside);
  if (typeof value !== "object" || value === null) return true;
  return Object.entries(value).every(([key, child]) =>
    (key === "$ref" || key === "$dynamicRef") && typeof child === "string"
      ? child.startsWith("#")
      : pointsInside(child),
  );
}

/** Seconds, or a Go duration. */
const Duration = z.union([z.number(), z.string().max(20)]);

/** Numbers and words that steer a model; no option of Ollama's is a path. */
const Options = z.record(
  z.string().regex(/^[a-z_]{1,40}$/, "is not an option"),
  z.union([z.number(), z.boolean(), z.string().max(1_000), z.array(z.string().max(1_000)).max(64)]),
);

const Think = z.union([z.boolean(), z.enum(["low", "medium", "high", "max"])]);

/* Ollama: docs/api.md of ollama/ollama */

const OllamaCall = z.object({
  id: Text.optional(),
  function: z.object({ index: Count.optional(), name: Text, arguments: z.unknown() }),
});

const OllamaMessage = z.object({
  role: z.enum(["system", "user", "assistant", "tool"]),
  content: Text.default(""),
  thinking: Text.optional(),
  images: z.array(Base64).max(64).optional(),
  tool_calls: z.array(OllamaCall).optional(),
  tool_name: Text.optional(),
  tool_call_id: Text.optional(),
});

const OllamaTool = z.object({
  type: z.literal("function"),
  function: z.object({ name: Text, description: Text.optional(), parameters: Free.optional() }),
});

const ollamaCommon = {
  model: ModelName,
  stream: Flag.optional(),
  options: Options.optional(),
  keep_alive: Duration.optional(),
  truncate: Flag.optional(),
};
const ollamaAsk = {
  ...ollamaCommon,
  shift: Flag.optional(),
  think: Think.optional(),
  format: Free.optional(),
  logprobs: Flag.optional(),
  top_logprobs: Count.optional(),
};

export const OllamaChat = z.object({
  ...ollamaAsk,
  messages: z.array(OllamaMessage).default([]),
  tools: z.array(OllamaTool).max(512).optional(),
});

export const OllamaGenerate = z.object({
  ...ollamaAsk,
  prompt: Text.optional(),
  suffix: Text.optional(),
  system: Text.optional(),
  template: Text.optional(),
  raw: Flag.optional(),
  images: z.array(Base64).max(64).optional(),
});

const Inputs = z.union([Text, z.array(Text).max(4_096)]);

export const OllamaEmbed = z.object({
  ...ollamaCommon,
  input: Inputs,
  dimensions: Count.optional(),
});
/** The older route, which takes one text. */
export const OllamaEmbedding = z.object({ ...ollamaCommon, prompt: Text });

/** Older clients call it `name`. */
export const OllamaShow = z
  .object({ model: ModelName.optional(), name: ModelName.optional(), verbose: Flag.optional() })
  .transform(({ model, name, verbose }) => ({ model: model ?? name ?? "", verbose }));

/** Without a host: a registry of somebody else would be asked in our name. */
const RegistryName = z
  .string()
  .max(200)
  .regex(/^[\w-][\w.-]*(?:\/[\w-][\w.-]*)?(?::[\w.-]+)?$/, "must be a name of Ollama's registry");
export const OllamaPull = z.object({ model: RegistryName, stream: Flag.optional() });
export const OllamaCopy = z.object({ source: ModelName, destination: RegistryName });
export const OllamaDelete = z.object({ model: ModelName });

/* OpenAI, as llama.cpp, vLLM, Ollama and others speak it */

const Part = z.discriminatedUnion("type", [
  z.object({ type: z.literal("text"), text: Text }),
  z.object({
    type: z.literal("image_url"),
    image_url: z.object({ url: DataUrl, detail: z.enum(["auto", "low", "high"]).optional() }),
  }),
  z.object({
    type: z.literal("input_audio"),
    input_audio: z.object({ data: Base64, format: z.enum(["wav", "mp3"]) }),
  }),
]);
const Content = z.union([Text, z.array(Part).max(256)]).nullish();

const Call = z.object({
  id: Text.optional(),
  type: z.literal("function").default("function"),
  // An object for servers that parse no string.
  function: z.object({ name: Text, arguments: z.union([Text, z.record(z.string(), z.unknown())]) }),
});

const Message = z.object({
  role: z.enum(["system", "developer", "user", "assistant", "tool"]),
  content: Content,
  name: Text.optional(),
  reasoning_content: Text.nullish(),
  tool_calls: z.array(Call).nullish(),
  tool_call_id: Text.optional(),
});

const sampling = {
  model: ModelName,
  stream: Flag.nullish(),
  stream_options: z.object({ include_usage: Flag.optional() }).nullish(),
  max_tokens: Count.nullish(),
  temperature: z.number().nullish(),
  top_p: z.number().nullish(),
  top_k: z.number().nullish(),
  min_p: z.number().nullish(),
  typical_p: z.number().nullish(),
  seed: Count.nullish(),
  stop: z.union([Text, z.array(Text).max(16)]).nullish(),
  presence_penalty: z.number().nullish(),
  frequency_penalty: z.number().nullish(),
  repeat_penalty: z.number().nullish(),
  repetition_penalty: z.number().nullish(),
  logit_bias: z.record(z.string(), z.number()).nullish(),
  n: z.literal(1, "must be 1").nullish(),
  cache_prompt: Flag.nullish(),
  id_slot: Count.nullish(),
  n_probs: Count.nullish(),
  return_progress: Flag.nullish(),
  num_ctx: Count.nullish(),
};

export const ChatCompletion = z.object({
  ...sampling,
  messages: z.array(Message).min(1),
  max_completion_tokens: Count.nullish(),
  tools: z.array(OllamaTool).max(512).nullish(),
  tool_choice: z
    .union([
      z.enum(["auto", "none", "required"]),
      z.object({ type: z.literal("function"), function: z.object({ name: Text }) }),
    ])
    .nullish(),
  parallel_tool_calls: Flag.nullish(),
  reasoning_effort: z.string().max(20).nullish(),
  response_format: z
    .object({
      type: z.enum(["text", "json_object", "json_schema"]),
      schema: Free.optional(),
      json_schema: z
        .object({ name: Text.optional(), strict: Flag.optional(), schema: Free.optional() })
        .optional(),
    })
    .nullish(),
  chat_template_kwargs: z
    .record(z.string().max(60), z.union([z.boolean(), z.number(), z.string().max(200)]))
    .nullish(),
});

export const Completion = z.object({ ...sampling, prompt: Text, suffix: Text.nullish() });

export const Embeddings = z.object({
  model: ModelName,
  input: Inputs,
  encoding_format: z.enum(["float", "base64"]).nullish(),
  dimensions: Count.nullish(),
});

/** llama.cpp's own. */
export const Tokenize = z.object({
  content: Text,
  add_special: Flag.optional(),
  parse_special: Flag.optional(),
});
