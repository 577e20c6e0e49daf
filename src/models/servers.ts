/**
 * The model servers there are: those that config names, those found on this machine, and our own engine.
 * Each is opened once (asked what it is, wrapped in queue, timeouts and breaker) and listed when needed.
 */

import { abortable } from "../base/abortable.ts";
import type { Clock } from "../base/clock.ts";
import { Fault } from "../base/fault.ts";
import { discover, type DiscoveryDeps, type Found, isSame, type Note } from "./discovery.ts";
import { createHealth, type Health, watched } from "./health.ts";
import { defaultBaseUrl, presetNamed, type ProductId } from "./presets.ts";
import type { Model, Provider } from "./provider.ts";
import { createScheduler, type Scheduler, withScheduler } from "./scheduler.ts";
import { type Address, connect, type ConnectDeps, prove, type Server } from "./server.ts";
import type { ModelsSettings, ProviderSettings } from "./settings.ts";
import { toTimeouts, withTimeouts } from "./timeouts.ts";

export type ServersDeps = Omit<ConnectDeps, "note"> &
  Omit<DiscoveryDeps, "clock"> & {
    settings: ModelsSettings;
    clock: Clock;
    /** The key of a configured provider, already read from wherever config keeps it. */
    apiKeyOf: (provider: string) => string | undefined;
    /** Our own engine, where it is there. */
    demonstration?: Provider | undefined;
  };

export interface Servers {
  /** Configured first, then found, then our own. */
  ids(): string[];
  /** Where a provider of this id would be looked for; undefined for one that nothing names. */
  addressOf(id: string): string | undefined;
  /** Throws `MODEL_UNREACHABLE`, `MODEL_DIALECT_UNKNOWN`, `EGRESS_BLOCKED` or the signal's reason. */
  open(id: string, signal: AbortSignal): Promise<Server>;
  /** What it has; asked once and kept until `forget`. Throws as `listModels` does. */
  models(server: Server, signal: AbortSignal): Promise<Model[]>;
  /** The next listing asks the server again. */
  forget(id: string): void;
  /** Looks for servers on this machine, no more often than is cheap. Never in mode replace. */
  discover(signal: AbortSignal): Promise<void>;
  readonly health: Health;
  notes(): Note[];
  close(): Promise<void>;
}

/** A port may change hands: who listens is looked at again after so long. */
const PROOF_MS = 60_000;

type Opened = {
  server: Promise<Server>;
  provedAtMs: number;
  models?: Promise<Model[]> | undefined;
};

export function createServers(deps: ServersDeps): Servers {
  const { clock, demonstration } = deps;
  const opened = new Map<string, Opened>();
  const notes = new Map<string, Note>();
  const note = (note: Note) => void notes.set(note.text, note);
  const health = createHealth(clock);
  const search = createSearch(deps, note);
  const addresses = createAddresses(deps, search);
  const wrap = createWrapper(clock, (id, fault) => {
    health.record(id, fault);
    if (fault?.code === "MODEL_MISSING") forget(id);
    if (fault?.code !== "MODEL_UNREACHABLE") return;
    // Whatever listens there next has to prove itself anew.
    opened.delete(id);
    search.doubt(id);
  });

  function forget(id: string): void {
    const known = opened.get(id);
    if (known) known.models = undefined;
  }

  function entryOf(id: string): Opened {
    const known = opened.get(id);
    if (known) return known;
    const entry: Opened = { server: openNow(id), provedAtMs: clock.elapsedMs() };
    opened.set(id, entry);
    // Who asked is told; the next one tries anew.
    entry.server.catch((error: unknown) => {
      if (opened.get(id) === entry) opened.delete(id);
      if (error instanceof Fault) health.record(id, error);
    });
    return entry;
  }

  async function openNow(id: string): Promise<Server> {
    if (demonstration && id === demonstration.id) return toOwn(demonstration);
    const address = addresses.of(id);
    if (!address) throw new Fault("MODEL_UNREACHABLE", { provider: id, url: "no address" });
    // Shared by all who ask, so that one who goes away stops nobody; its requests have limits of their own.
    const server = await connect(address, { ...deps, note }, new AbortController().signal);
    return { ...server, provider: wrap(server.provider, server.settings) };
  }

  return {
    ids: () => [...addresses.ids(), ...(demonstration ? [demonstration.id] : [])],
    addressOf: (id) => addresses.of(id)?.baseUrl,
    forget,
    health,
    notes: () => [...notes.values()],
    discover: (signal) => search.run(signal),

    async open(id, signal) {
      const entry = entryOf(id);
      const server = await abortable(entry.server, signal);
      const { locality } = server.place;
      if (locality !== "device" || clock.elapsedMs() - entry.provedAtMs < PROOF_MS) return server;
      entry.provedAtMs = clock.elapsedMs();
      const place = await prove({ ...server, baseUrl: server.provider.baseUrl }, deps, signal);
      entry.server = Promise.resolve({ ...server, place });
      return entry.server;
    },

    models(server, signal) {
      const entry = entryOf(server.id);
      const asked = (entry.models ??= server.provider.listModels(new AbortController().signal));
      asked.catch(() => {
        if (entry.models === asked) entry.models = undefined; // who asked is told, the next one asks anew
      });
      return abortable(asked, signal);
    },

    async close() {
      const servers = await Promise.allSettled(
        Array.from(opened.values(), (entry) => entry.server),
      );
      await Promise.all(
        servers.map((server) =>
          server.status === "fulfilled" ? server.value.provider.close?.() : undefined,
        ),
      );
    },
  };
}

/** Our own engine queues by itself, needs no timeouts and cannot be elsewhere. */
const toOwn = (provider: Provider): Server => ({
  id: provider.id,
  product: "custom",
  provider,
  place: { locality: "embedded", why: "our own engine runs it" },
  settable: false,
  settings: undefined,
});

/** Queue, timeouts and an ear for how chats end, around each provider; one queue for one server. */
function createWrapper(clock: Clock, onEnd: (id: string, fault: Fault | undefined) => void) {
  const schedulers = new Map<string, Scheduler>();
  return (provider: Provider, settings: ProviderSettings | undefined): Provider => {
    const { id } = provider;
    const scheduler = schedulers.get(id) ?? createScheduler(settings?.maxConcurrent ?? 32);
    schedulers.set(id, scheduler);
    const timed = withTimeouts(provider, toTimeouts(settings?.timeoutSeconds), clock);
    return watched(withScheduler(timed, scheduler), (fault) => onEnd(id, fault));
  };
}

/** Looking costs a few ms where ports are closed: at most every third second, and 1% of the time. */
const LOOK_AGAIN_MS = 3_000;
const LOOK_PART = 100;

/** What was found on this machine, looked for anew when somebody asks and it is time. */
function createSearch(deps: ServersDeps, note: (note: Note) => void) {
  const { settings, clock } = deps;
  let found: Found[] = [];
  const proved = new Map<string, ProductId>();
  let looking: Promise<void> | undefined;
  let nextMs = -Infinity;

  async function look(): Promise<void> {
    const beganMs = clock.elapsedMs();
    const { found: now, notes } = await discover(deps, new AbortController().signal);
    found = now;
    for (const { id, product } of now) proved.set(id, product);
    notes.forEach(note);
    const endedMs = clock.elapsedMs();
    nextMs = endedMs + Math.max(LOOK_AGAIN_MS, (endedMs - beganMs) * LOOK_PART);
  }

  return {
    found: () => found,
    productOf: (id: string) => proved.get(id),
    /** It has to say again what it is. */
    doubt: (id: string) => void proved.delete(id),
    async run(signal: AbortSignal): Promise<void> {
      if (settings.mode === "replace" || clock.elapsedMs() < nextMs) return;
      looking ??= look().finally(() => (looking = undefined));
      await abortable(looking, signal);
    },
  };
}

/** Who is where: config's word first, then what was found, then a product's default port. */
function createAddresses(deps: ServersDeps, search: ReturnType<typeof createSearch>) {
  const { providers } = deps.settings;

  function configured(id: string): Address | undefined {
    const settings = Object.hasOwn(providers, id) ? providers[id] : undefined;
    if (!settings) return undefined;
    const baseUrl = settings.baseUrl ?? defaultBaseUrl(presetNamed(id));
    return baseUrl ? { id, baseUrl, settings, apiKey: deps.apiKeyOf(id) } : undefined;
  }

  /** What config names already is not found a second time, nor does a found one take its name. */
  function found(): Found[] {
    const named = Object.keys(providers).map((id) => configured(id)?.baseUrl ?? "");
    return search
      .found()
      .filter(
        ({ id, baseUrl }) =>
          !Object.hasOwn(providers, id) && !named.some((url) => isSame(url, baseUrl)),
      );
  }

  return {
    ids: () => [...Object.keys(providers), ...found().map(({ id }) => id)],
    of(id: string): Address | undefined {
      const given = found().find((server) => server.id === id);
      const preset = presetNamed(id);
      const usual = preset.id === id ? defaultBaseUrl(preset) : undefined;
      return (
        configured(id) ??
        (given && { ...given, product: search.productOf(id) }) ??
        (usual !== undefined && deps.settings.mode === "merge" ? { id, baseUrl: usual } : undefined)
      );
    },
  };
}
