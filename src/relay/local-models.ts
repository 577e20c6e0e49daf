/** The models that a server runs itself, by name: what a relay lists, and all that it lets be asked. */

import type { Clock } from "../base/clock.ts";
import { Models, type Tag, Tags } from "./answers.ts";
import type { Product } from "./routes.ts";

export interface LocalModels {
  /** Whether it is there; a name that is not known makes it look again. Throws as `ask` does. */
  has(model: string, signal: AbortSignal): Promise<boolean>;
  names(signal: AbortSignal): Promise<string[]>;
}

/** A model that was just fetched is found at the next question; one that is gone, the server tells. */
const KNOWN_MS = 5_000;

export function createLocalModels(options: {
  product: Product;
  /** Reads a listing of the server. */
  ask: (path: string, signal: AbortSignal) => Promise<unknown>;
  clock: Clock;
}): LocalModels {
  const { product, ask, clock } = options;
  let known: { names: string[]; at: number } | undefined;

  async function look(signal: AbortSignal): Promise<string[]> {
    const names =
      product === "ollama"
        ? Tags.parse(await ask("/api/tags", signal))
            .models.filter(isLocal)
            .map(({ name }) => name)
        : Models.parse(await ask("/v1/models", signal)).data.map(({ id }) => id);
    known = { names, at: clock.elapsedMs() };
    return names;
  }

  async function names(signal: AbortSignal): Promise<string[]> {
    if (known && clock.elapsedMs() - known.at < KNOWN_MS) return known.names;
    return look(signal);
  }

  const isIn = (names: readonly string[], model: string) =>
    names.includes(model) || (product === "ollama" && names.includes(`${model}:latest`));

  return {
    names,
    has: async (model, signal) =>
      isIn(await names(signal), model) || isIn(await look(signal), model),
  };
}

/** Ollama lists models that run at ollama.com beside its own: `gpt-oss:120b-cloud`, `kimi-k2:cloud`. */
export const isLocal = ({ name, remote_host, remote_model }: Tag): boolean =>
  !/[:-]cloud$/i.test(name) && !remote_host && !remote_model;
