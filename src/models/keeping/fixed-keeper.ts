/**
 * Servers that load one model when they start and keep it: vLLM, SGLang, llama.cpp with `-m`, MLX, proxies.
 * They tell what they serve; everything else is done with their own command line.
 */

import { Fault } from "../../base/fault.ts";
import { type ProductId, presetOf } from "../presets.ts";
import type { Keeper, KeeperOptions } from "./keeper.ts";

/** What `loaded` tells is the product's own; without it nothing is told. */
export function createFixedKeeper(
  { id, product }: Pick<KeeperOptions, "id" | "product">,
  own: Partial<Keeper> = {},
): Keeper {
  const cannot = refusing(id, product);
  return {
    canPull: () => Promise.resolve(false),
    loaded: () => Promise.resolve(undefined),
    async load({ model }, signal) {
      const all = await own.loaded?.(signal);
      if (all?.some((entry) => entry.model === model)) return; // since its server was started
      await cannot(`load "${model}"`);
    },
    unload: (model) => cannot(`unload "${model}"`),
    show: () => Promise.resolve({}),
    // oxlint-disable-next-line require-yield -- it has nothing to tell before it refuses
    async *pull({ name }) {
      await cannot(`download "${name}"`);
    },
    remove: (model) => cannot(`remove "${model}"`),
    ...own,
  };
}

/** Throws `MODEL_SERVER_CANNOT` for one act, with what helps instead. */
export const refusing = (provider: string, product: ProductId) => (act: string) => {
  const { why, instead } = REASONS[product] ?? OTHERS;
  const start = presetOf(product).start;
  const fault = { provider, act, why, instead: instead.replace("START", start) };
  return Promise.reject(new Fault("MODEL_SERVER_CANNOT", fault));
};

const FIXED = {
  why: "serves the model it was started with",
  instead: "Stop it and start it again with the model that is wanted: `START`",
};

const OTHERS = {
  why: "has no documented way to do that",
  instead: "Do it with the server's own program, then look with `isopod models list`",
};

const REASONS: Partial<Record<ProductId, { why: string; instead: string }>> = {
  vllm: FIXED,
  sglang: FIXED,
  llamacpp: {
    why: "was started with one model and serves that",
    instead:
      "Start it without -m, so that it serves many (`llama-server --models-dir FOLDER`), or again with another: `START`",
  },
  mlx: {
    why: "loads by itself what a request names, and is told nothing else",
    instead: "Chat with the model to load it, or start it anew: `START`",
  },
  litellm: {
    why: "is a proxy: the servers behind it keep the models",
    instead: "Ask the server behind it",
  },
  lmstudio: {
    why: "has no documented way to do that over the network",
    instead: "Do it in LM Studio itself, or with its command line `lms`",
  },
};
