/** All models of all servers at once, for choosing among them and for showing them. */

import { Fault } from "../base/fault.ts";
import type { Offer } from "./routing/choose.ts";
import { placeOfModel } from "./locality.ts";
import type { Model } from "./provider.ts";
import type { Server } from "./server.ts";
import type { Servers } from "./servers.ts";

export type Surveyed = { server: Server; offer: Offer };
export type Survey = { offers: Surveyed[]; faults: Fault[] };

/** A server that fails is a fault beside the others. Throws the signal's reason only. */
export async function survey(
  ids: readonly string[],
  servers: Servers,
  signal: AbortSignal,
): Promise<Survey> {
  const result: Survey = { offers: [], faults: [] };
  const lists = await Promise.all(ids.map((id) => readOne(id, servers, signal)));
  for (const list of lists) {
    if (list instanceof Fault) result.faults.push(list);
    else result.offers.push(...list.models.map((model) => toSurveyed(list.server, model)));
  }
  return result;
}

async function readOne(
  id: string,
  servers: Servers,
  signal: AbortSignal,
): Promise<{ server: Server; models: Model[] } | Fault> {
  try {
    const server = await servers.open(id, signal);
    return { server, models: await servers.models(server, signal) };
  } catch (error) {
    if (signal.aborted || !(error instanceof Fault)) throw error;
    return error;
  }
}

function toSurveyed(server: Server, model: Model): Surveyed {
  const { locality, why } = placeOfModel(model.locality, server.place);
  return { server, offer: { ref: `${server.id}/${model.id}`, model, locality, why } };
}
