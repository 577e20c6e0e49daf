/** Who keeps the models of which product. */

import { z } from "zod";

import { createModelServer } from "../model-server.ts";
import { createFixedKeeper } from "./fixed-keeper.ts";
import type { Keeper, KeeperOptions } from "./keeper.ts";
import { createLlamacppKeeper } from "./llamacpp-keeper.ts";
import { createLmstudioKeeper } from "./lmstudio-keeper.ts";
import { createOllamaKeeper } from "./ollama-keeper.ts";

/** `baseUrl` is the address without the path where the dialect begins. */
export function createKeeper(options: KeeperOptions): Keeper {
  switch (options.product) {
    case "ollama":
      return createOllamaKeeper(options);
    case "llamacpp":
      return createLlamacppKeeper(options);
    case "lmstudio":
      return createLmstudioKeeper(options);
    case "vllm":
    case "sglang":
      return createFixedKeeper(options, { loaded: served(options) });
    default:
      return createFixedKeeper(options);
  }
}

/** What these list is in memory: they load at their start. */
function served(options: KeeperOptions): Keeper["loaded"] {
  const server = createModelServer(options);
  return async (signal) => {
    const { data } = await server.read("/v1/models", Served, signal);
    return data.map(({ id, max_model_len }) => ({
      model: id,
      state: "loaded",
      until: null,
      ...(max_model_len && { contextTokens: max_model_len }),
    }));
  };
}

const Served = z.object({
  data: z.array(z.object({ id: z.string().min(1), max_model_len: z.number().nullish() })),
});
