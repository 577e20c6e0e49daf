/**
 * Has a server download a model. To ask another program to download counts as internet, whatever server it
 * is and wherever it fetches from.
 */

import type { Clock } from "../../base/clock.ts";
import { Fault } from "../../base/fault.ts";
import type { Mode } from "../../protocol/event.ts";
import type { KeepingEvent } from "../../protocol/model-keeping.ts";
import type { Server } from "../server.ts";
import type { Servers } from "../servers.ts";
import type { Keeper } from "./keeper.ts";
import { createMeter } from "./meter.ts";

export type PullWanted = { name: string; server?: string | undefined; insecure: boolean };

export type DownloadDeps = {
  servers: Servers;
  keeperOf: (server: Server) => Keeper;
  clock: Clock;
  mode: () => Mode;
  /** True where config keeps the mode from ever being internet. */
  capped: boolean;
};

/** Throws `MODEL_PULL_OFFLINE`, `MODEL_PULL_WHERE`, `MODEL_PULL_FAILED`. */
export async function* download(
  wanted: PullWanted,
  deps: DownloadDeps,
  signal: AbortSignal,
): AsyncGenerator<KeepingEvent> {
  const { servers, keeperOf, mode, capped } = deps;
  const checkMode = () => {
    if (mode() === "internet") return;
    throw new Fault("MODEL_PULL_OFFLINE", { name: wanted.name, mode: mode(), capped });
  };
  checkMode();
  const { server, name } = await choose(wanted, deps, signal);
  const meter = createMeter(deps.clock);
  let told = { text: "", atMs: -Infinity };
  for await (const step of keeperOf(server).pull({ name, insecure: wanted.insecure }, signal)) {
    // A person may have narrowed it meanwhile: then nothing more is fetched, where that can be.
    if (step.goesOn && mode() !== "internet") {
      throw new Fault("MODEL_PULL_GOES_ON", { name, mode: mode(), provider: server.id });
    }
    checkMode();
    const rate = meter.read(step);
    const atMs = deps.clock.elapsedMs();
    if (step.text === told.text && atMs - told.atMs < TELL_EVERY_MS) continue;
    told = { text: step.text, atMs };
    yield { type: "progress", ...step, ...rate };
  }
  servers.forget(server.id);
  const model = await nameOf(name, server, servers, signal);
  yield { type: "done", ref: `${server.id}/${model}`, seconds: meter.seconds() };
}

/** Servers tell more often than anybody reads. */
const TELL_EVERY_MS = 250;

/** What the server calls what it has fetched: without the scheme of a registry, and with a tag. */
async function nameOf(name: string, server: Server, servers: Servers, signal: AbortSignal) {
  const bare = name.replace(/^https?:\/\//, "");
  const ids = (await servers.models(server, signal)).map(({ id }) => id);
  return [bare, `${bare}:latest`].find((id) => ids.includes(id)) ?? bare;
}

/** The server that was named, also before the name's slash; else the only one that can. */
async function choose({ name, server }: PullWanted, deps: DownloadDeps, signal: AbortSignal) {
  const { servers } = deps;
  await servers.discover(signal);
  const prefix = servers.ids().find((id) => name.startsWith(`${id}/`));
  const named = server ?? prefix;
  if (named !== undefined) {
    if (!servers.addressOf(named)) {
      throw new Fault("MODEL_PROVIDER_UNKNOWN", { ref: named, known: servers.ids() });
    }
    const bare = name.startsWith(`${named}/`) ? name.slice(named.length + 1) : name;
    return { server: await servers.open(named, signal), name: bare };
  }
  const able: Server[] = [];
  for (const id of servers.ids()) {
    const server = await openIfAble(id, deps, signal);
    if (server) able.push(server);
  }
  const [only] = able;
  if (only && able.length === 1) return { server: only, name };
  throw new Fault("MODEL_PULL_WHERE", { name, servers: able.map(({ id }) => id) });
}

/** A server that cannot be asked cannot download either: it is passed over, unless it is named. */
async function openIfAble(
  id: string,
  { servers, keeperOf }: DownloadDeps,
  signal: AbortSignal,
): Promise<Server | undefined> {
  try {
    const server = await servers.open(id, signal);
    if (server.place.locality === "embedded") return undefined;
    return (await keeperOf(server).canPull(signal)) ? server : undefined;
  } catch (error) {
    if (signal.aborted || !(error instanceof Fault)) throw error;
    return undefined;
  }
}
