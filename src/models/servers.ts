/**
 * The model servers there are: those that config names, those found on this machine, and our own engine.
 * Each is opened once (asked what it is, wrapped in queue, timeouts and breaker) and listed when needed.
 */

import type { Clock } from "../base/clock.ts";
import { Fault } from "../base/fault.ts";
import { attended } from "./queue/attended.ts";
import { createAddresses, createSearch } from "./addresses.ts";
import type { DiscoveryDeps, Note } from "./discovery.ts";
import { createHealth, type Health } from "./routing/health.ts";
import { toListed } from "./listed.ts";
import type { LocalServices } from "./local-service/services.ts";
import type { Gguf } from "./engine/gguf.ts";
import { joinProviders } from "./engine/joined.ts";
import { createOpened } from "./opened.ts";
import type { Model, Provider } from "./provider.ts";
import { checkReach, type Limits, placeBeforehand } from "./reach.ts";
import { createQueues, type QueueReport } from "./queue/queues.ts";
import { enterLine } from "./queue/wait-in-line.ts";
import { type Address, connect, type ConnectDeps, prove, type Server } from "./server.ts";
import type { ModelsSettings, ProviderSettings } from "./settings.ts";
import { toTimeouts } from "./timeouts.ts";
import { type ChatWatch, createEars, heard } from "./watch.ts";

export type ServersDeps = Omit<ConnectDeps, "note"> &
  Omit<DiscoveryDeps, "clock" | keyof Limits> &
  Limits & {
    settings: ModelsSettings;
    clock: Clock;
    /** The key of a configured provider, already read from wherever config keeps it. */
    apiKeyOf: (provider: string) => string | undefined;
    /** Our own engine, where it is there. */
    demonstration?: Provider | undefined;
    /** Runs GGUF files: those that config names, and beside the demonstration those of the state folder. */
    gguf?: Gguf | undefined;
    /** Servers that the gateway starts itself; none where it is absent. */
    services?: LocalServices | undefined;
    /** Hears of every request to every model. */
    watch?: ChatWatch | undefined;
  };

export interface Servers {
  /** Configured first, then found, then our own. */
  ids(): string[];
  /** Where a provider of this id would be looked for; undefined for one that nothing names. */
  addressOf(id: string): Address | undefined;
  /**
   * Throws `MODEL_NOT_ALLOWED` for what the mode does not reach and `MODEL_LINK_DOWN` for what nothing leads to, before anything is sent; also
   * `MODEL_UNREACHABLE`, `MODEL_DIALECT_UNKNOWN`, `EGRESS_BLOCKED` or the signal's reason. With `start` a
   * server that config knows how to start is started and waited for (`MODEL_SERVICE_…`).
   */
  open(id: string, signal: AbortSignal, options?: OpenOptions): Promise<Server>;
  /** What it has; asked once and kept until `forget`. Throws as `listModels` does. */
  models(server: Server, signal: AbortSignal): Promise<Model[]>;
  /** The next listing asks the server again. */
  forget(id: string): void;
  /**
   * Comes into the line before the server, as a chat of a person does, and tells where it stands. What it
   * returns is called once the work is over; until then a server that is started on demand is in use.
   */
  enter(
    server: Server,
    model: string,
    signal: AbortSignal,
  ): AsyncGenerator<{ type: "progress"; text: string }, () => void>;
  /** Looks for servers on this machine, no more often than is cheap. Never in mode replace. */
  discover(signal: AbortSignal): Promise<void>;
  readonly health: Health;
  /** How long the lines before the servers are; those that were never asked are left out. */
  queues(): QueueReport[];
  notes(): Note[];
  close(): Promise<void>;
}

export type OpenOptions = {
  start?: boolean;
  /** Hears what is waited for. */
  onWait?: ((text: string) => void) | undefined;
};

/** Asks a silent server again beside what goes on; what comes of it stands in `health`. */
export const askAgain = (servers: Pick<Servers, "open">, id: string): void =>
  void servers.open(id, new AbortController().signal).catch(() => undefined);

export function createServers(deps: ServersDeps): Servers {
  const { clock, demonstration, services } = deps;
  const notes = new Map<string, Note>();
  const note = (note: Note) => void notes.set(note.text, note);
  const health = createHealth(clock);
  const ears = createEars(deps.watch, deps);
  const search = createSearch(deps, note);
  const addresses = createAddresses(deps, search);
  const begin = (id: string) => together([health.begin(id), services?.use(id)]);
  const end = (id: string, fault: Fault | undefined) => {
    health.record(id, fault);
    if (fault?.code === "MODEL_MISSING") opened.forget(id);
    if (fault?.code === "MODEL_UNREACHABLE") doubt(id);
  };
  /** Whatever listens there next has to prove itself anew. */
  const doubt = (id: string) => {
    opened.drop(id);
    search.doubt(id);
  };
  services?.onEnd(doubt);
  const queues = createQueues(deps);
  const opened = createOpened({
    clock,
    open: openNow,
    prove: (server, signal) => prove({ ...server, baseUrl: server.provider.baseUrl }, deps, signal),
    onOpened: health.recordOpening,
  });

  async function openNow(id: string): Promise<Server> {
    const own = Object.hasOwn(deps.settings.providers, id)
      ? deps.settings.providers[id]
      : undefined;
    if (demonstration && id === demonstration.id) {
      const files = deps.gguf && attend(toOwn(deps.gguf(id, own), own));
      const shown = heard(demonstration, ears.of(toOwn(demonstration, own)));
      return toOwn(files ? joinProviders(shown, files.provider) : shown, own);
    }
    if (deps.gguf && own?.api === "embedded") return attend(toOwn(deps.gguf(id, own), own));
    const address = addresses.of(id);
    if (!address) throw new Fault("MODEL_UNREACHABLE", { provider: id, url: "no address" });
    // Shared by all who ask, so that one who goes away stops nobody; its requests have limits of their own.
    return attend(await connect(address, { ...deps, note }, new AbortController().signal));
  }

  /** With a line before it, limits on its time, and an ear. */
  function attend(server: Server): Server {
    const { id } = server;
    const provider = attended(server.provider, {
      scheduler: queues.of(server),
      timeouts: toTimeouts(server.settings?.timeoutSeconds),
      clock,
      onBegin: () => begin(id),
      onEnd: (fault) => end(id, fault),
      ear: ears.of(server),
    });
    return { ...server, provider };
  }

  return {
    enter(server, model, signal) {
      const line = { scheduler: queues.of(server), model, onBegin: () => begin(server.id) };
      return enterLine(server.id, line, signal);
    },
    ids: () => [...new Set([...addresses.ids(), ...(demonstration ? [demonstration.id] : [])])],
    addressOf: (id) => addresses.of(id),
    async open(id, signal, { start = false, onWait } = {}) {
      const address = addresses.of(id);
      if (address) checkReach({ ref: id, provider: id }, placeBeforehand(address), deps);
      if (start) await services?.ensure(id, onWait, signal);
      return opened.get(id, signal);
    },
    async models(server, signal) {
      // Ours costs nothing to ask, and files come and go.
      const isOwn = server.place.locality === "embedded";
      const models = isOwn ? server.provider.listModels(signal) : opened.models(server, signal);
      return ears.learn(server, toListed(await models));
    },
    forget: (id) => opened.forget(id),
    discover: (signal) => search.run(signal),
    health,
    queues: queues.report,
    notes: () => [...notes.values()],
    close: () => opened.close(),
  };
}

const together = (overs: ((() => void) | undefined)[]) => () => overs.forEach((over) => over?.());

/** Our own engines cannot be elsewhere, and do one thing at a time. */
function toOwn(provider: Provider, settings: ProviderSettings | undefined): Server {
  return {
    id: provider.id,
    product: "custom",
    provider,
    place: { locality: "embedded", why: "our own engine runs it" },
    settable: false,
    settings,
    slots: 1,
  };
}
