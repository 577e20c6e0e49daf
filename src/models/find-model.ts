/** Finds the model that a name means: `provider/model`, or a bare id that some server has. */

import { Fault } from "../base/fault.ts";
import { toMissing } from "./model-server.ts";
import type { Model } from "./provider.ts";
import { type Server, settingsOf } from "./server.ts";
import type { Servers } from "./servers.ts";

export type Named = { provider: string; model: string };

export type Lookup = {
  servers: Servers;
  /** Throws for a provider that must not even be asked. */
  mayAsk: (provider: string) => void;
};

/** Which provider a name means. Throws `MODEL_PROVIDER_UNKNOWN` where no server offers it. */
export async function findProvider(
  ref: string,
  lookup: Lookup,
  signal: AbortSignal,
): Promise<Named> {
  const { servers } = lookup;
  const slash = ref.indexOf("/");
  const provider = slash === -1 ? "" : ref.slice(0, slash);
  const model = ref.slice(slash + 1);
  if (!servers.ids().includes(provider)) await servers.discover(signal);
  if (servers.ids().includes(provider)) return { provider, model };
  for (const id of servers.ids()) {
    // "meta-llama/Llama-3.1" may be a model's whole id.
    if (await has(id, ref, lookup, signal)) return { provider: id, model: ref };
  }
  // A product that is known by name and does not run: to start it is what helps.
  if (servers.addressOf(provider) !== undefined) return { provider, model };
  throw new Fault("MODEL_PROVIDER_UNKNOWN", { ref, known: servers.ids() });
}

/** Whether a server has a model of this name. One that cannot be asked has not. */
async function has(
  id: string,
  model: string,
  { servers, mayAsk }: Lookup,
  signal: AbortSignal,
): Promise<boolean> {
  try {
    mayAsk(id);
    const server = await servers.open(id, signal);
    return match(await servers.models(server, signal), model) !== undefined;
  } catch (error) {
    if (signal.aborted || !(error instanceof Fault)) throw error;
    return false;
  }
}

/** Throws `MODEL_MISSING` with the nearest name, and what the listing throws. */
export async function findModel(
  server: Server,
  id: string,
  servers: Servers,
  signal: AbortSignal,
): Promise<Model> {
  const known = match(await listOf(server, id, servers, signal), id);
  if (known) return known;
  servers.forget(server.id); // it may have been pulled a moment ago
  const models = await listOf(server, id, servers, signal);
  const found = match(models, id) ?? declared(server, id, models);
  if (found) return found;
  const names = models.map((model) => model.id);
  throw toMissing(server.id, id, names);
}

/** A server that cannot list its models may still have those that config names. */
async function listOf(
  server: Server,
  id: string,
  servers: Servers,
  signal: AbortSignal,
): Promise<Model[]> {
  try {
    return await servers.models(server, signal);
  } catch (error) {
    const mute = error instanceof Fault && error.code === "MODEL_GARBLED";
    if (mute && settingsOf(server.settings, id)) return [];
    throw error;
  }
}

/** Ollama means ":latest" where a name has no tag. */
const match = (models: readonly Model[], id: string) =>
  models.find((model) => model.id === id) ?? models.find((model) => model.id === `${id}:latest`);

/**
 * A model that config names and the server does not list. llama.cpp answers to any name with the one it
 * has, so that one's context counts; others may serve more than they list. Ollama lists all it has.
 */
function declared(
  { product, settings }: Server,
  id: string,
  models: readonly Model[],
): Model | undefined {
  if (!settingsOf(settings, id)) return undefined;
  const [only] = models;
  if (product === "llamacpp" && models.length === 1 && only) return { ...only, id };
  const open = product === "custom" || product === "litellm";
  return open ? { id, locality: "unknown" } : undefined;
}
