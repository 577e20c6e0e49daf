/** How a product is given room for several conversations at once. Pure. */

import { presetNamed, type ProductId } from "../presets.ts";
import type { ModelsSettings } from "../settings.ts";

const ADVICE: Partial<Record<ProductId, string>> = {
  llamacpp:
    "Start llama-server with `--parallel 1 --cache-ram 8192`, or with `--parallel 2` and twice the `-c`: both keep a second conversation",
  ollama:
    "Start Ollama with OLLAMA_NUM_PARALLEL=2; it then keeps two conversations and takes the memory of two windows",
  lmstudio: "Load the model with as many parallel requests as conversations (LM Studio 0.4)",
  vllm: "Start vLLM with `--enable-prefix-caching`, and leave it more memory: `--gpu-memory-utilization`",
  sglang:
    "Leave SGLang more memory for its cache: `--mem-fraction-static`, and no `--disable-radix-cache`",
};

const OTHERS =
  "Give the server a slot for each conversation: `--parallel` with llama.cpp, OLLAMA_NUM_PARALLEL with Ollama";

export function slotAdvice(ref: string, { providers }: Pick<ModelsSettings, "providers">): string {
  const id = ref.slice(0, Math.max(0, ref.indexOf("/")));
  const settings = Object.hasOwn(providers, id) ? providers[id] : undefined;
  const product = settings?.api === "ollama" ? "ollama" : presetNamed(id).id;
  return ADVICE[product] ?? OTHERS;
}
