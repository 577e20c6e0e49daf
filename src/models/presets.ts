/**
 * The products that serve models, in one table. A product is a row, not a file: all of them speak one of
 * the dialects, and differ in port, in how they say what they are, and in quirks.
 */

export type ProductId =
  | "ollama"
  | "lmstudio"
  | "llamacpp"
  | "vllm"
  | "sglang"
  | "mlx"
  | "litellm"
  | "anthropic"
  | "openai"
  | "custom";

export type Preset = {
  id: ProductId;
  name: string;
  api: "ollama" | "openai-completions" | "openai-responses" | "anthropic-messages";
  /** Looked at on this machine, first one first; also the default address of a provider of this name. */
  ports: readonly number[];
  /** Where it is on the internet; it is known by this host and asked nothing to find out what it is. */
  url?: string;
  /** Set after the address: where the dialect's paths begin. */
  path: "" | "/v1";
  /** How to start it; stands in faults and notes. */
  start: string;
  /** Environment variables that may hold its key. */
  keyEnv: readonly string[];
  /**
   * Whether the product runs the models itself, so that a server proved to be it, on this machine, is
   * inference on this machine. A proxy may forward anywhere.
   */
  runsModels: boolean;
  quirks: Quirks;
};

export type Quirks = {
  /** Where it takes `num_ctx`; most fix the context when they load a model. */
  numCtx?: "top-level";
  /** Takes `reasoning_content` back, and renders it where the template wants it. */
  takesReasoning?: boolean;
  /** Takes earlier reasoning back in the Responses and Messages APIs, although it is not signed. */
  takesReasoningItems?: boolean;
  /** Encrypts its reasoning and wants it back (Responses). */
  sealsReasoning?: boolean;
  /** Refuses sampling parameters that its own documentation does not name. */
  strictParams?: boolean;
  /** Calls the limit of an answer so (OpenAI's newer models know no other name). */
  maxTokensField?: "max_completion_tokens";
  /** What its chat models hold at least, where its listing does not say. */
  contextTokens?: number;
  /** Tells while it reads a long prompt how far it is (llama.cpp's `return_progress`). */
  reportsProgress?: boolean;
  /** Refuses null for the text beside calls (llama-cpp-python); an empty one is taken by all that were tried. */
  refusesNullContent?: boolean;
  /** Its names for fields that others call otherwise. */
  renames?: Readonly<Record<string, string>>;
};

export const PRESETS: readonly Preset[] = [
  {
    id: "ollama",
    name: "Ollama",
    api: "ollama",
    ports: [11434],
    path: "",
    start: "ollama serve",
    keyEnv: ["OLLAMA_API_KEY"],
    runsModels: true, // but for its cloud models, which say so one by one
    quirks: {},
  },
  {
    id: "lmstudio",
    name: "LM Studio",
    api: "openai-completions",
    ports: [1234],
    path: "/v1",
    start: "lms server start",
    keyEnv: ["LM_API_TOKEN"],
    runsModels: true,
    quirks: {},
  },
  {
    id: "llamacpp",
    name: "llama.cpp",
    api: "openai-completions",
    ports: [8080, 9931], // 9931 since August 2026 (ggml-org/llama.cpp#26508)
    path: "/v1",
    start: "llama-server -m model.gguf --jinja",
    keyEnv: ["LLAMA_SERVER_API_KEY"],
    runsModels: true,
    quirks: { takesReasoning: true, takesReasoningItems: true, reportsProgress: true },
  },
  {
    id: "vllm",
    name: "vLLM",
    api: "openai-completions",
    ports: [8000],
    path: "/v1",
    start: "vllm serve MODEL --enable-auto-tool-choice --tool-call-parser hermes",
    keyEnv: ["VLLM_API_KEY"],
    runsModels: true,
    quirks: { takesReasoning: true, renames: { repeat_penalty: "repetition_penalty" } },
  },
  {
    id: "sglang",
    name: "SGLang",
    api: "openai-completions",
    ports: [30000],
    path: "/v1",
    start: "python -m sglang.launch_server --model-path MODEL",
    keyEnv: ["SGLANG_API_KEY"],
    runsModels: true,
    quirks: { takesReasoning: true, renames: { repeat_penalty: "repetition_penalty" } },
  },
  {
    id: "mlx",
    name: "MLX",
    api: "openai-completions",
    ports: [8080],
    path: "/v1",
    start: "mlx_lm.server --model MODEL",
    keyEnv: [],
    runsModels: false, // it says nothing of itself that another program could not say by chance
    quirks: { renames: { repeat_penalty: "repetition_penalty" } },
  },
  {
    id: "litellm",
    name: "LiteLLM",
    api: "openai-completions",
    ports: [4000],
    path: "/v1",
    start: "litellm --config config.yaml",
    keyEnv: ["LITELLM_API_KEY"],
    runsModels: false,
    quirks: { numCtx: "top-level" },
  },
  {
    id: "anthropic",
    name: "Anthropic",
    api: "anthropic-messages",
    ports: [],
    url: "https://api.anthropic.com",
    path: "",
    start: "nothing: it runs in the cloud",
    keyEnv: ["ANTHROPIC_API_KEY"],
    runsModels: false, // not on a machine of yours
    quirks: {},
  },
  {
    id: "openai",
    name: "OpenAI",
    api: "openai-responses",
    ports: [],
    url: "https://api.openai.com/v1",
    path: "/v1",
    start: "nothing: it runs in the cloud",
    keyEnv: ["OPENAI_API_KEY"],
    runsModels: false,
    quirks: {
      sealsReasoning: true,
      strictParams: true,
      maxTokensField: "max_completion_tokens",
      contextTokens: 128_000, // GPT-4o's, the smallest of those that still are offered for agents
    },
  },
  {
    id: "custom",
    name: "an OpenAI-compatible server",
    api: "openai-completions",
    ports: [],
    path: "/v1",
    start: "its own command",
    keyEnv: [],
    runsModels: false,
    quirks: { refusesNullContent: true },
  },
];

const CUSTOM = PRESETS.at(-1);

/** The row of a product. */
export function presetOf(id: ProductId): Preset {
  const preset = PRESETS.find((preset) => preset.id === id) ?? CUSTOM;
  if (!preset) throw new Error("the table of presets has lost its last row");
  return preset;
}

/**
 * The product that a provider's id names: "ollama", "ollama-fast", "LM-Studio", "llama.cpp"; else custom. A
 * cloud goes by its whole name: "openai-local" is no OpenAI.
 */
export function presetNamed(providerId: string): Preset {
  const plain = providerId.toLowerCase().replaceAll(/[^a-z]/g, "");
  const found = PRESETS.find((preset) =>
    preset.url === undefined
      ? preset.ports.length > 0 && plain.startsWith(preset.id)
      : providerId.toLowerCase() === preset.id,
  );
  return found ?? presetOf("custom");
}

/** The product whose own host this is; undefined for every other address. */
export function presetAt(baseUrl: string): Preset | undefined {
  const host = URL.parse(baseUrl)?.host;
  return PRESETS.find(({ url }) => url !== undefined && URL.parse(url)?.host === host);
}

/** Where a product is when nobody says otherwise. */
export function defaultBaseUrl({ ports, path, url }: Preset): string | undefined {
  return url ?? (ports[0] === undefined ? undefined : `http://127.0.0.1:${ports[0]}${path}`);
}

/** The address without the path where the dialect begins: products answer about themselves beside it. */
export const rootOf = (baseUrl: string) => baseUrl.replace(/\/+$/, "").replace(/\/v1$/, "");
