/** What is in memory, on all servers, with what is slow or wrong about it. */

import { Fault } from "../../base/fault.ts";
import type { LoadedModel, LoadedModels } from "../../protocol/model-keeping.ts";
import type { Server } from "../server.ts";
import type { Servers } from "../servers.ts";
import type { Keeper, Loaded } from "./keeper.ts";

/** A server that fails is a fault beside the others. Throws the signal's reason only. */
export async function listLoaded(
  { servers, keeperOf }: { servers: Servers; keeperOf: (server: Server) => Keeper },
  signal: AbortSignal,
): Promise<LoadedModels> {
  await servers.discover(signal);
  const result: LoadedModels = { models: [], silent: [], faults: [] };
  await Promise.all(
    servers.ids().map(async (id) => {
      try {
        const server = await servers.open(id, signal);
        // The demonstration is always at hand, and tiny.
        if (server.place.locality === "embedded" && !server.provider.keeper) return;
        const loaded = await keeperOf(server).loaded(signal);
        if (loaded) result.models.push(...loaded.map((entry) => toLoadedModel(entry, server)));
        else result.silent.push(id);
      } catch (error) {
        if (signal.aborted || !(error instanceof Fault)) throw error;
        result.faults.push(error.toJSON());
      }
    }),
  );
  return result;
}

/** `wanted` is the context that was asked for, where the server can be told one. */
export function toLoadedModel(entry: Loaded, server: Server, wanted?: number): LoadedModel {
  const { model, ...rest } = entry;
  const ref = `${server.id}/${model}`;
  const warning = warningOf(ref, entry, wanted);
  return {
    ref,
    provider: server.id,
    locality: server.place.locality,
    ...rest,
    ...(warning && { warning: warning.toJSON() }),
  };
}

function warningOf(ref: string, { contextTokens, gpuShare }: Loaded, wanted?: number) {
  if (wanted !== undefined && contextTokens !== undefined && contextTokens < wanted) {
    return new Fault("MODEL_CONTEXT_UNMET", { ref, wanted, loaded: contextTokens });
  }
  if (gpuShare === undefined || gpuShare >= 1) return undefined;
  return new Fault("MODEL_ON_CPU", { ref, gpuPercent: Math.round(gpuShare * 100) });
}
