/**
 * Servers that were opened, each once for all who ask, with their listings. Proof of where one runs wears
 * out: a port may change hands while nobody talks.
 */

import { abortable } from "../base/abortable.ts";
import type { Clock } from "../base/clock.ts";
import { Fault } from "../base/fault.ts";
import type { Place } from "./locality.ts";
import type { Model } from "./provider.ts";
import type { Server } from "./server.ts";

export type OpenedDeps = {
  clock: Clock;
  open(id: string): Promise<Server>;
  prove(server: Server, signal: AbortSignal): Promise<Place>;
  /** How a server was opened: the fault or undefined, and how long that took. */
  onOpened(id: string, fault: Fault | undefined, tookMs: number): void;
};

export interface Opened {
  /** Throws what `open` throws, or the signal's reason. */
  get(id: string, signal: AbortSignal): Promise<Server>;
  /** Kept until `forget`, and of Ollama for a minute. */
  models(server: Server, signal: AbortSignal): Promise<Model[]>;
  /** The next listing asks the server again. */
  forget(id: string): void;
  /** The next `get` opens it from the start. */
  drop(id: string): void;
  close(): Promise<void>;
}

/** After so long nothing is sent before it is known who has the port now, and which models are the cloud's. */
const PROOF_MS = 60_000;
/** To ask takes tens of ms where many programs run; while a conversation goes on it is asked beside it. */
const PROVE_AHEAD_MS = 30_000;

type Entry = {
  server: Promise<Server>;
  provedAtMs: number;
  proving?: Promise<Server> | undefined;
  models?: Promise<Model[]> | undefined;
  listedAtMs: number;
};

export function createOpened({ clock, open, prove, onOpened }: OpenedDeps): Opened {
  const entries = new Map<string, Entry>();

  function entryOf(id: string): Entry {
    const known = entries.get(id);
    if (known) return known;
    const entry: Entry = {
      server: open(id),
      provedAtMs: clock.elapsedMs(),
      listedAtMs: -Infinity,
    };
    entries.set(id, entry);
    const tookMs = () => clock.elapsedMs() - entry.provedAtMs;
    // Who asked is told; the next one tries anew.
    entry.server.then(
      () => onOpened(id, undefined, tookMs()),
      (error: unknown) => {
        if (entries.get(id) === entry) entries.delete(id);
        if (error instanceof Fault) onOpened(id, error, tookMs());
      },
    );
    return entry;
  }

  /** One proof for all who ask; the server that it gives takes the place of the one before. */
  async function proveAgain(entry: Entry, server: Server): Promise<Server> {
    try {
      const place = await prove(server, new AbortController().signal);
      const again = { ...server, place };
      entry.server = Promise.resolve(again);
      entry.provedAtMs = clock.elapsedMs();
      return again;
    } catch (error) {
      entries.delete(server.id); // what cannot be proved is opened from the start
      throw error;
    } finally {
      entry.proving = undefined;
    }
  }

  return {
    async get(id, signal) {
      const entry = entryOf(id);
      const server = await abortable(entry.server, signal);
      const ageMs = clock.elapsedMs() - entry.provedAtMs;
      if (server.place.locality !== "device" || ageMs < PROVE_AHEAD_MS) return server;
      const proving = (entry.proving ??= proveAgain(entry, server));
      if (ageMs >= PROOF_MS) return abortable(proving, signal);
      proving.catch(() => undefined); // the next one to ask opens it from the start
      return server;
    },

    models(server, signal) {
      const entry = entryOf(server.id);
      const nowMs = clock.elapsedMs();
      // Only the listing says which of Ollama's models are in the cloud, and a name may get other weights.
      if (server.product === "ollama" && nowMs - entry.listedAtMs >= PROOF_MS) {
        entry.models = undefined;
      }
      if (!entry.models) entry.listedAtMs = nowMs;
      const asked = (entry.models ??= server.provider.listModels(new AbortController().signal));
      asked.catch(() => {
        if (entry.models === asked) entry.models = undefined; // who asked is told, the next one asks anew
      });
      return abortable(asked, signal);
    },

    forget(id) {
      const entry = entries.get(id);
      if (entry) entry.models = undefined;
    },

    drop: (id) => void entries.delete(id),

    async close() {
      const servers = await Promise.allSettled(
        Array.from(entries.values(), (entry) => entry.server),
      );
      entries.clear();
      await Promise.all(
        servers.map((server) =>
          server.status === "fulfilled" ? server.value.provider.close?.() : undefined,
        ),
      );
    },
  };
}
