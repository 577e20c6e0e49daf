import { z } from "zod";

import { PIN } from "../network/pin.ts";
import { defineSetting } from "../protocol/setting.ts";
import { nameOf } from "./params/names.ts";
import { rowOf } from "./params/table.ts";
import { allowedIn, fit } from "./params/values.ts";
import { LocalService } from "./local-service/settings.ts";

export const APIS = [
  "ollama",
  "openai-completions",
  "openai-responses",
  "anthropic-messages",
] as const;

const Compat = z
  .object({
    requiresStringContent: z
      .boolean()
      .optional()
      .describe("Send content as a plain string; ours always is one, so nothing changes"),
    strictMessageKeys: z
      .boolean()
      .optional()
      .describe("Send `role` and `content` only, for servers that reject any other key"),
    tool_choice: z
      .enum(["auto", "required", "none"])
      .optional()
      .describe('"required" for servers whose parser finds calls in forced mode only'),
    supportsTools: z
      .boolean()
      .optional()
      .describe("What the server does not say of itself: whether the model can call tools"),
    maxTokensField: z
      .enum(["max_tokens", "max_completion_tokens"])
      .optional()
      .describe("What the server calls the limit on the answer"),
    requiresReasoningContentOnAssistantMessages: z
      .boolean()
      .optional()
      .describe("Send earlier reasoning back, for templates that render it"),
    requiresThinkingAsText: z
      .boolean()
      .optional()
      .describe(
        "Send earlier reasoning back as part of the text, for servers without a field for it",
      ),
    requiresToolResultName: z
      .boolean()
      .optional()
      .describe("Name the tool beside each of its results, for servers that look for it there"),
    requiresAssistantAfterToolResult: z
      .boolean()
      .optional()
      .describe(
        "Put an empty answer between a tool's result and the next question, where a template wants one",
      ),
    toolCallArgumentsEncoding: z
      .enum(["string", "object"])
      .optional()
      .describe("How arguments of earlier calls are sent back; some servers parse no string"),
    toolSchemaProfile: z
      .enum(["llamacpp", "gemini"])
      .optional()
      .describe("What is taken out of tool schemas because the server's grammar cannot hold it"),
    unsupportedToolSchemaKeywords: z
      .array(z.string())
      .optional()
      .describe("Further keywords of JSON Schema to take out of tool schemas")
      .meta({ examples: [["format"]] }),
    supportsUsageInStreaming: z
      .boolean()
      .optional()
      .describe("False for servers that refuse `stream_options`; tokens are then estimated"),
    supportsTemperature: z
      .boolean()
      .optional()
      .describe("False for models that refuse a temperature; none is sent then"),
    supportsReasoningEffort: z
      .boolean()
      .optional()
      .describe("False for servers that refuse `reasoning_effort`; none is sent then"),
    supportedReasoningEfforts: z
      .array(z.string())
      .optional()
      .describe("The words the server has for how hard it thinks, from little to much")
      .meta({ examples: [["low", "medium", "high"]] }),
    reasoningEffortMap: z
      .record(z.string(), z.string())
      .optional()
      .describe("The server's word for each of ours: minimal, low, medium, high, xhigh, max")
      .meta({ examples: [{ max: "high" }] }),
    thinkingFormat: z
      .enum(["qwen", "qwen-chat-template", "deepseek", "openrouter", "together"])
      .optional()
      .describe("How the server is told whether to think; without it, by `reasoning_effort`"),
  })
  .describe("What differs from the dialect as most servers speak it");
export type Compat = z.infer<typeof Compat>;

/** What is in the table must be what it may be there; the rest is noted when the config is read. */
export const Params = z.record(z.string(), z.unknown()).superRefine((params, context) => {
  for (const [name, value] of Object.entries(params)) {
    const row = rowOf(nameOf(name));
    if (!row || fit(value, row.kind) !== undefined) continue;
    context.addIssue({ code: "custom", path: [name], message: allowedIn(row.kind) });
  }
});

const ModelSettings = z.object({
  contextWindow: z
    .number()
    .int()
    .min(1024)
    .optional()
    .describe("Tokens of context to use; the server's own limit is never exceeded")
    .meta({ examples: [32_768] }),
  maxTokens: z
    .number()
    .int()
    .positive()
    .optional()
    .describe("Longest answer in tokens")
    .meta({ examples: [8_192] }),
  reasoning: z.boolean().optional().describe("Whether it thinks before it answers; not used yet"),
  input: z
    .array(z.enum(["text", "image"]))
    .optional()
    .describe(
      "What it reads: images where the server does not say so, or text alone although it does",
    ),
  cost: z
    .object({
      input: z.number().nonnegative().optional().describe("Per million prompt tokens"),
      output: z.number().nonnegative().optional().describe("Per million answered tokens"),
      cacheRead: z.number().nonnegative().optional().describe("Per million cached tokens"),
      cacheWrite: z.number().nonnegative().optional().describe("Per million tokens cached"),
    })
    .optional()
    .describe("What it costs, in `cost.currency`; nothing is built in or looked up"),
  headers: z
    .record(z.string(), z.string())
    .optional()
    .describe("Sent with each request to this model, beside and before the provider's")
    .meta({ examples: [{ "x-route": "large" }] }),
  params: Params.optional()
    .describe(
      "Runtime parameters: temperature, num_ctx, keep_alive, …; docs/models.md has them all",
    )
    .meta({ examples: [{ temperature: 0.7, top_k: 40 }] }),
  compat: Compat.optional(),
});
export type ModelSettings = z.infer<typeof ModelSettings>;

const ProviderSettings = z.object({
  api: z
    .enum([...APIS, "embedded"])
    .optional()
    .describe(
      "The wire dialect; without it the product's own, else openai-completions; embedded runs GGUF files itself",
    )
    .meta({ examples: ["openai-completions"] }),
  baseUrl: z
    .string()
    // No "?" or "#": the route of a request is put behind it, and would be lost in either. Then whoever
    // wrote the config would choose what is asked of the server, which may be a container engine's socket.
    .regex(
      /^(https?:\/\/[^\s?#]+|unix:\/[^\s?#]+)$/,
      "http://…, https://… or unix:/path/to.sock:/v1",
    )
    .optional()
    .describe("Where the server is; without it the product's default port on this machine")
    .meta({ examples: ["http://192.168.1.20:8000/v1"] }),
  path: z
    .string()
    .regex(/^\//, "an absolute path")
    .optional()
    .describe("For api embedded: a GGUF file, or a folder with some")
    .meta({ examples: ["/models/qwen3-8b-q4_k_m.gguf"] }),
  gpuLayers: z
    .number()
    .int()
    .nonnegative()
    .max(1_000)
    .optional()
    .describe("For api embedded: layers on the graphics card; without it as many as fit")
    .meta({ examples: [24] }),
  threads: z
    .number()
    .int()
    .positive()
    .max(1_024)
    .optional()
    .describe("For api embedded: threads that compute; without it one for two logical processors")
    .meta({ examples: [8] }),
  apiKey: z
    .union([z.string(), z.object({ file: z.string() })], {
      error: 'a text, "${NAME}", or { file: "name" } for a file of the secrets folder',
    })
    .optional()
    .describe("As it is, ${ENV}, or { file } inside the secrets folder")
    .meta({ examples: [{ file: "my-server.key" }] }),
  pin: z
    .string()
    .regex(PIN, "sha256// and the base 64 of a SHA-256, as `isopod models add` writes it")
    .optional()
    .describe("The public key that the server must show on every connection; for https:// alone")
    .meta({ examples: ["sha256//47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="] }),
  timeoutSeconds: z
    .number()
    .positive()
    .max(86_400)
    .optional()
    .describe("Longest wait for the first token; the other two limits follow from it")
    .meta({ examples: [600] }),
  headers: z
    .record(z.string(), z.string())
    .optional()
    .describe("Sent with every request")
    .meta({ examples: [{ "x-team": "garden" }] }),
  maxConcurrent: z
    .number()
    .int()
    .positive()
    .max(10_000)
    .optional()
    .describe("Requests at once; without it what the server reports, else 32 (Ollama) or 256")
    .meta({ examples: [4] }),
  localService: LocalService.optional(),
  locality: z
    .enum(["device", "lan", "mesh", "cloud"])
    .optional()
    .describe("Where inference happens, declared by you where it cannot be proved")
    .meta({ examples: ["lan"] }),
  params: Params.optional()
    .describe("Runtime parameters for all its models; a model's own win")
    .meta({ examples: [{ top_p: 0.9 }] }),
  contextWindow: z
    .number()
    .int()
    .min(1024)
    .optional()
    .describe("Tokens of context to use for each of its models that sets none itself")
    .meta({ examples: [32_768] }),
  maxTokens: z
    .number()
    .int()
    .positive()
    .optional()
    .describe("Longest answer in tokens for each of its models that sets none itself")
    .meta({ examples: [8_192] }),
  compat: Compat.optional(),
  models: z
    .record(z.string().meta({ examples: ["qwen3:8b"] }), ModelSettings)
    .default({})
    .describe("By model id: what to use beside what the server says of itself"),
});
export type ProviderSettings = z.infer<typeof ProviderSettings>;

export const modelsSetting = defineSetting({
  key: "models",
  // A misspelt `locality` or `baseUrl` makes a model unusable, never usable: nothing here restricts.
  restricts: false,
  schema: z
    .object({
      mode: z
        .enum(["merge", "replace"])
        .default("merge")
        .describe('"replace" uses the providers below only and looks for no others'),
      params: Params.default({}).describe(
        "Runtime parameters for every model; a provider's and a model's own win",
      ),
      providers: z
        .record(
          z
            .string()
            .regex(/^[A-Za-z0-9][A-Za-z0-9._-]*$/, "letters, digits, dots and dashes")
            .meta({ examples: ["my-server"] }),
          ProviderSettings,
        )
        .default({})
        .describe("Model servers by an id of your choice; a product's name brings its defaults"),
    })
    .prefault({})
    .describe("Where models run; with nothing here, what answers on this machine is found"),
});
export type ModelsSettings = z.infer<typeof modelsSetting.schema>;
