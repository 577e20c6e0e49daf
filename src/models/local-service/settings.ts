import { z } from "zod";

/** `models.providers.<id>.localService`: how the gateway starts this server itself. */
export const LocalService = z
  .object({
    command: z
      .string()
      .min(1)
      .optional()
      .describe("The program, by name or absolute path; without it the product's own")
      .meta({ examples: ["/opt/llama.cpp/llama-server"] }),
    args: z
      .array(z.string())
      .default([])
      .describe(
        "Your arguments; host and port are added from baseUrl where none of these names them",
      )
      .meta({ examples: [["-m", "/models/qwen3-8b.gguf", "--jinja"]] }),
    env: z
      .record(z.string(), z.string())
      .default({})
      .describe("Its environment beside HOME and PATH; nothing else of the gateway's reaches it")
      .meta({ examples: [{ CUDA_VISIBLE_DEVICES: "0" }] }),
    cwd: z
      .string()
      .optional()
      .describe("The folder it starts in; without it your home")
      .meta({ examples: ["/models"] }),
    keepAlive: z
      .union([z.string(), z.number()])
      .optional()
      .describe("Ollama: how long a model stays loaded (OLLAMA_KEEP_ALIVE); -1 for ever")
      .meta({ examples: ["30m"] }),
    parallel: z
      .int()
      .positive()
      .optional()
      .describe("Ollama: requests at once (OLLAMA_NUM_PARALLEL); each takes a context's memory")
      .meta({ examples: [2] }),
    maxLoadedModels: z
      .int()
      .positive()
      .optional()
      .describe("Ollama: models in memory at once (OLLAMA_MAX_LOADED_MODELS)")
      .meta({ examples: [1] }),
    readySeconds: z
      .number()
      .positive()
      .default(300)
      .describe("Longest wait until it answers; vLLM compiles for minutes at its first start"),
    idleMinutes: z
      .number()
      .nonnegative()
      .default(30)
      .describe("Stopped after so long without a request, to free its memory; 0 never stops it"),
    maxRestarts: z
      .int()
      .nonnegative()
      .default(3)
      .describe(
        "Starts after it died, each after a longer pause; then it stays down until asked for",
      ),
  })
  .describe(
    "Starts this server when it is needed; approved once with `isopod models service approve`",
  );
export type LocalService = z.infer<typeof LocalService>;
