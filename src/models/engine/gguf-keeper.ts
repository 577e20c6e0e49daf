/** Loads, unloads and shows GGUF files; they are fetched and removed by whoever put them there. */

import { Fault } from "../../base/fault.ts";
import { createFixedKeeper } from "../keeping/fixed-keeper.ts";
import type { Keeper } from "../keeping/keeper.ts";
import { type GgufFile, readWeights } from "./files.ts";
import type { Host } from "./host.ts";
import type { Load } from "./letters.ts";

type Deps = {
  id: string;
  host: Host;
  /** Throws `MODEL_MISSING`. */
  find: (model: string) => GgufFile;
  plan: (file: GgufFile, signal: AbortSignal) => Promise<Load>;
  installed: () => object | undefined;
};

export function createGgufKeeper({ id, host, find, plan, installed }: Deps): Keeper {
  return createFixedKeeper(
    { id, product: "custom" },
    {
      async loaded() {
        const { current } = host;
        const file = current && fileOf(current.load, find);
        if (!current || !file) return []; // nothing, or another provider's
        const state = current.loaded ? "loaded" : "loading";
        const { contextTokens } = current.load;
        return [{ model: file.id, state, contextTokens, sizeBytes: readWeights(file).weightBytes }];
      },
      async load({ model }, signal) {
        const file = find(model);
        if (!installed()) throw new Fault("MODEL_ENGINE_MISSING", { model: `${id}/${file.id}` });
        await host.load({ load: await plan(file, signal), provider: id }, signal);
      },
      async unload(model) {
        if (host.current?.load.path === find(model).path) await host.unload();
      },
      async show(model) {
        const file = find(model);
        const { quantisation, weightBytes, shape } = readWeights(file);
        return {
          path: file.path,
          format: "gguf",
          sizeBytes: weightBytes,
          ...(quantisation !== undefined && { quantisation }),
          ...(shape && { shape }),
        };
      },
    },
  );
}

function fileOf({ path }: Load, find: Deps["find"]): GgufFile | undefined {
  const name =
    path
      .split("/")
      .at(-1)
      ?.replace(/(-00001-of-\d{5})?\.gguf$/, "") ?? "";
  try {
    const file = find(name);
    return file.path === path ? file : undefined;
  } catch (error) {
    if (error instanceof Fault) return undefined; // of another provider's folder
    throw error;
  }
}
