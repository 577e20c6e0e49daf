/**
 * What a person does with the models of all servers: see what is loaded, load, unload, look at one, fetch,
 * remove. What the mode does not reach is not asked.
 */

import type { Clock } from "../../base/clock.ts";
import { Fault } from "../../base/fault.ts";
import type { Egress } from "../../network/egress.ts";
import type { Locality, Mode } from "../../protocol/event.ts";
import type {
  KeepingEvent,
  LoadedModel,
  LoadedModels,
  ModelDetails,
} from "../../protocol/model-keeping.ts";
import type { Candidate } from "../candidate.ts";
import { placeOfModel } from "../locality.ts";
import { type ProductId, rootOf } from "../presets.ts";
import type { Candidates } from "../routing/candidates.ts";
import { type Server, settingsOf } from "../server.ts";
import type { Servers } from "../servers.ts";
import { toTimeouts } from "../timeouts.ts";
import { download, type PullWanted } from "./download.ts";
import type { Details, Keeper } from "./keeper.ts";
import { createKeeper } from "./keepers.ts";
import { listLoaded } from "./loaded.ts";
import { warmUp } from "./warm-up.ts";

export interface Keeping {
  /** The servers that answer, and what each has in memory where it tells. Never throws for one that fails. */
  servers(signal: AbortSignal): Promise<Kept[]>;
  /** What is in memory on all servers; one that fails is a fault in it. */
  loaded(signal: AbortSignal): Promise<LoadedModels>;
  /** Warms a model up with the context that the agent budgets. What fails is thrown. */
  load(ref: string, signal: AbortSignal): AsyncIterable<KeepingEvent>;
  /** Frees its memory; the weights stay where they are. */
  unload(ref: string, signal: AbortSignal): Promise<{ ref: string }>;
  show(ref: string, signal: AbortSignal): Promise<ModelDetails>;
  /** The same with what its cache is made of, for an estimate. */
  look(ref: string, signal: AbortSignal): Promise<{ candidate: Candidate; details: Details }>;
  /** Throws `MODEL_PULL_OFFLINE` but in mode internet, `MODEL_PULL_WHERE`, `MODEL_PULL_FAILED`. */
  pull(wanted: PullWanted, signal: AbortSignal): AsyncIterable<KeepingEvent>;
  /** Throws `MODEL_REMOVE_OFFLINE` where it could not be fetched again, but with `force`. */
  remove(
    wanted: { ref: string; force: boolean },
    signal: AbortSignal,
  ): Promise<{ ref: string; sizeBytes?: number }>;
}

export type Kept = {
  id: string;
  product: ProductId;
  baseUrl: string;
  locality: Locality;
  loaded: LoadedModel[];
};

export type KeepingDeps = {
  servers: Servers;
  candidates: Candidates;
  egress: Egress;
  clock: Clock;
  mode: () => Mode;
  /** True where config keeps the mode from ever being internet. */
  capped: boolean;
};

export function createKeeping(deps: KeepingDeps): Keeping {
  const { servers, candidates, clock, mode } = deps;
  const keeperOf = createKeeperOf(deps);

  /** The model that is meant, allowed and there, with who keeps it. */
  async function find(ref: string, signal: AbortSignal) {
    const candidate = await candidates.make(ref, { why: "it was named" }, signal);
    const server = await servers.open(candidate.provider.id, signal);
    return { candidate, server, keeper: keeperOf(server) };
  }

  return {
    loaded: (signal) => listLoaded({ servers, keeperOf }, signal),

    async servers(signal) {
      const { models } = await listLoaded({ servers, keeperOf }, signal);
      const open = await Promise.all(servers.ids().map((id) => openOrNot(id, servers, signal)));
      return open.flatMap((server) => (server ? [toKept(server, models)] : []));
    },

    pull: (wanted, signal) => download(wanted, { ...deps, keeperOf }, signal),

    async *load(ref, signal) {
      const { candidate, server } = await find(ref, signal);
      const leave = yield* servers.enter(server, candidate.model.id, signal);
      try {
        // Once more: while it waited, a person may have narrowed the mode.
        yield* warmUp(await find(ref, signal), clock, signal);
      } finally {
        leave();
      }
      servers.forget(server.id);
    },

    async unload(ref, signal) {
      const { candidate, server, keeper } = await find(ref, signal);
      await keeper.unload(candidate.model.id, signal);
      servers.forget(server.id);
      return { ref: candidate.ref };
    },

    async look(ref, signal) {
      const { candidate, keeper } = await find(ref, signal);
      return { candidate, details: await keeper.show(candidate.model.id, signal) };
    },

    async show(ref, signal) {
      const { candidate, server, keeper } = await find(ref, signal);
      const details = await showWhatCan(keeper, candidate.model.id, signal);
      const { why } = placeOfModel(candidate.model.locality, server.place);
      return toDetails(candidate, details, why);
    },

    async remove({ ref, force }, signal) {
      const { candidate, server, keeper } = await find(ref, signal);
      if (!force && mode() !== "internet") {
        throw new Fault("MODEL_REMOVE_OFFLINE", { ref: candidate.ref, mode: mode() });
      }
      await keeper.remove(candidate.model.id, signal);
      servers.forget(server.id);
      const { sizeBytes } = candidate.model;
      return { ref: candidate.ref, ...(sizeBytes !== undefined && { sizeBytes }) };
    },
  };
}

/** One that does not answer is told by whoever looks for that. */
async function openOrNot(id: string, servers: Servers, signal: AbortSignal) {
  try {
    return await servers.open(id, signal);
  } catch (error) {
    if (signal.aborted || !(error instanceof Fault)) throw error;
    return undefined;
  }
}

const toKept = ({ id, product, provider, place }: Server, models: LoadedModel[]): Kept => ({
  id,
  product,
  baseUrl: provider.baseUrl,
  locality: place.locality,
  loaded: models.filter((model) => model.provider === id),
});

const createKeeperOf =
  ({ servers, egress, clock }: KeepingDeps) =>
  ({ id, product, provider, settings }: Server): Keeper =>
    provider.keeper ??
    createKeeper({
      id,
      product,
      egress,
      baseUrl: rootOf(provider.baseUrl),
      apiKey: servers.addressOf(id)?.apiKey,
      headers: settings?.headers,
      headersOf: (model) => settingsOf(settings, model)?.headers,
      loadTimeoutMs: toTimeouts(settings?.timeoutSeconds).firstTokenMs,
      sleep: (ms, signal) => clock.sleep(ms, signal),
    });

/** A model whose server cannot read it can still be looked at, unloaded and removed. */
async function showWhatCan(keeper: Keeper, model: string, signal: AbortSignal) {
  try {
    return await keeper.show(model, signal);
  } catch (error) {
    if (signal.aborted || !(error instanceof Fault)) throw error;
    return { fault: error.toJSON() };
  }
}

function toDetails(
  candidate: Candidate,
  details: Partial<ModelDetails>,
  why: string,
): ModelDetails {
  const { ref, provider, model, locality, contextTokens, params, scorecard } = candidate;
  const { loadedContextTokens, tools, vision, reasoning, loaded, sizeBytes, digest } = model;
  return {
    ref,
    provider: provider.id,
    locality,
    why,
    contextTokens,
    params,
    scorecard,
    maxContextTokens: model.contextTokens,
    loadedContextTokens,
    tools,
    vision,
    reasoning,
    loaded,
    sizeBytes,
    digest,
    ...details,
  };
}
