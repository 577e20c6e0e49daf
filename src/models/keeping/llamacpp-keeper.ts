/**
 * llama.cpp's server (tools/server/README.md of ggml-org/llama.cpp). Started with `-m` it has one model;
 * started without one it is a router: it loads, unloads, downloads and deletes, in processes of its own.
 */

import { z } from "zod";

import { Fault } from "../../base/fault.ts";
import { type Act, createModelServer, type ModelServer, toMissing } from "../model-server.ts";
import { createFixedKeeper } from "./fixed-keeper.ts";
import { ACT_TIMEOUT_MS, type Keeper, type KeeperOptions } from "./keeper.ts";
import type { Loaded, PullStep } from "./keeper.ts";

/** It answers at once and works on; a person sees a second's delay, a server does not feel the question. */
const POLL_MS = 500;
/** How long a download may not be listed yet after it was begun. */
const BEGIN_MS = 5_000;

type Entry = z.infer<typeof Entry>;

export function createLlamacppKeeper(options: KeeperOptions): Keeper {
  const server = createModelServer(options);
  const router = createRouterKeeper(options, server);
  const single = createFixedKeeper(options, {
    loaded: async (signal) => [await readSingle(server, signal)],
    show: (_model, signal) => showSingle(server, signal),
  });
  const kind = async (signal: AbortSignal) =>
    (await listEntries(server, signal)).some(({ status }) => status) ? router : single;
  return {
    // An empty router lists nothing that would tell it apart; its role does.
    canPull: async (signal) => (await server.read("/props", Props, signal)).role === "router",
    loaded: async (signal) => (await kind(signal)).loaded(signal),
    load: async (wanted, signal) => (await kind(signal)).load(wanted, signal),
    unload: async (model, signal) => (await kind(signal)).unload(model, signal),
    show: async (model, signal) => (await kind(signal)).show(model, signal),
    async *pull(wanted, signal) {
      const { role } = await server.read("/props", Props, signal);
      yield* (role === "router" ? router : single).pull(wanted, signal);
    },
    remove: async (model, signal) => (await kind(signal)).remove(model, signal),
  };
}

function createRouterKeeper(options: KeeperOptions, server: ModelServer): Keeper {
  const { id, sleep, loadTimeoutMs } = options;

  async function find(model: string, signal: AbortSignal): Promise<Entry> {
    const entries = await listEntries(server, signal);
    const names = entries.map((entry) => entry.id);
    const found = entries.find((entry) => entry.id === model);
    if (!found) throw toMissing(id, model, names);
    return found;
  }

  /** Looks again and again until the model is in one of these states; a process that died is a refusal. */
  async function until(model: string, states: readonly string[], signal: AbortSignal) {
    for (let left = loadTimeoutMs; left > 0; left -= POLL_MS) {
      const { status } = await find(model, signal);
      if (status?.failed) {
        const detail = `its process for "${model}" ended with ${status.exit_code ?? "a failure"}`;
        throw new Fault("MODEL_REFUSED", { provider: id, detail });
      }
      if (status && states.includes(status.value)) return;
      await sleep(POLL_MS, signal);
    }
    const seconds = loadTimeoutMs / 1000;
    throw new Fault("MODEL_TIMEOUT", { provider: id, what: `state ${states[0]}`, seconds });
  }

  return {
    canPull: () => Promise.resolve(true),
    pull: ({ name }, signal) => pull(name, options, server, signal),

    async loaded(signal) {
      const entries = await listEntries(server, signal);
      const up = entries.filter(({ status }) => status && UP.includes(status.value));
      return Promise.all(up.map((entry) => toLoaded(entry, server, signal)));
    },

    async load({ model }, signal) {
      const { status } = await find(model, signal);
      if (status?.value !== "loaded" && status?.value !== "loading") {
        await server.act(act("/models/load", model, "models.load"), z.unknown(), signal);
      }
      await until(model, ["loaded"], signal);
    },

    async unload(model, signal) {
      const { status } = await find(model, signal);
      if (!status || status.value === "unloaded") return;
      await server.act(act("/models/unload", model, "models.unload"), z.unknown(), signal);
    },

    async show(model, signal) {
      const { path, meta } = await find(model, signal);
      const count = meta?.n_params;
      return {
        format: "gguf",
        ...(path && { path }),
        ...(count && { parameters: `${(count / 1e9).toFixed(1)}B` }),
      };
    },

    async remove(model, signal) {
      await find(model, signal);
      const path = `/models?model=${encodeURIComponent(model)}`;
      const { body: _, ...sent } = act(path, model, "models.remove"); // it is in the path
      await server.act({ ...sent, method: "DELETE" }, z.unknown(), signal);
    },
  };
}

/** What changes one model, as the router is told it. */
const act = (path: string, model: string, purpose: string): Act => ({
  path,
  body: { model },
  model,
  purpose,
  headTimeoutMs: ACT_TIMEOUT_MS,
});

async function* pull(
  name: string,
  { id, sleep }: Pick<KeeperOptions, "id" | "sleep">,
  server: ModelServer,
  signal: AbortSignal,
): AsyncGenerator<PullStep> {
  await server.act(act("/models", name, "models.pull"), z.unknown(), signal);
  let ended = false;
  try {
    for (let quietMs = 0; quietMs < BEGIN_MS; await sleep(POLL_MS, signal)) {
      const entry = (await listEntries(server, signal)).find((entry) => entry.id === name);
      ended = entry !== undefined && entry.status?.value !== "downloading";
      if (ended) return;
      quietMs = entry ? 0 : quietMs + POLL_MS;
      if (entry) yield toStep(entry);
    }
  } finally {
    // Nobody looks any more: to unload is how a download is stopped, and the part of it stays.
    if (!ended) await stopDownload(name, server);
  }
  throw new Fault("MODEL_PULL_FAILED", { provider: id, name, detail: "it ended without a model" });
}

async function stopDownload(name: string, server: ModelServer): Promise<void> {
  const stop = act("/models/unload", name, "models.pull");
  try {
    await server.act(stop, z.unknown(), new AbortController().signal); // the caller's has ended
  } catch (error) {
    if (!(error instanceof Fault)) throw error; // else it has ended by itself: there is nothing to stop
  }
}

const UP: readonly string[] = ["loaded", "loading", "sleeping"];

async function listEntries(server: ModelServer, signal: AbortSignal): Promise<Entry[]> {
  return (await server.read("/models", Entries, signal)).data;
}

/** Asks only what is loaded already: a question to another would load it. */
async function toLoaded(entry: Entry, server: ModelServer, signal: AbortSignal): Promise<Loaded> {
  const state = entry.status?.value;
  const model = entry.id;
  if (state !== "loaded") return { model, state: state === "sleeping" ? state : "loading" };
  const query = `?model=${encodeURIComponent(model)}&autoload=false`;
  return { model, state, ...(await readSlots(server, query, signal)) };
}

async function readSingle(server: ModelServer, signal: AbortSignal): Promise<Loaded> {
  const [[entry], props] = await Promise.all([
    listEntries(server, signal),
    server.read("/props", Props, signal),
  ]);
  const model = entry?.id ?? props.model_path ?? "";
  const state = props.is_sleeping ? "sleeping" : "loaded";
  return { model, state, ...(await readSlots(server, "", signal)) };
}

async function readSlots(server: ModelServer, query: string, signal: AbortSignal) {
  try {
    const slots = await server.read(`/slots${query}`, Slots, signal);
    const [first] = slots;
    return {
      ...(first?.n_ctx && { contextTokens: first.n_ctx }),
      slots: { total: slots.length, busy: slots.filter((slot) => slot.is_processing).length },
    };
  } catch (error) {
    // `--no-slots` turns them off; then it is not known how busy it is.
    if (error instanceof Fault && error.code !== "MODEL_UNREACHABLE") return {};
    throw error;
  }
}

async function showSingle(server: ModelServer, signal: AbortSignal) {
  const { model_path } = await server.read("/props", Props, signal);
  return { format: "gguf", ...(model_path && { path: model_path }) };
}

function toStep({ status }: Entry): PullStep {
  const files = Object.values(status?.progress ?? {});
  if (files.length === 0) return { text: "downloading" };
  const sum = (key: "done" | "total") => files.reduce((all, file) => all + file[key], 0);
  return { text: "downloading", doneBytes: sum("done"), totalBytes: sum("total") };
}

const count = z.number().nonnegative();

const Entry = z.object({
  id: z.string().min(1),
  path: z.string().nullish(),
  meta: z.object({ n_params: count.nullish() }).nullish(),
  status: z
    .object({
      value: z.string(),
      failed: z.boolean().nullish(),
      exit_code: z.number().nullish(),
      progress: z.record(z.string(), z.object({ done: count, total: count })).nullish(),
    })
    .nullish(),
});
const Entries = z.object({ data: z.array(Entry) });

const Props = z.object({
  role: z.string().nullish(),
  model_path: z.string().nullish(),
  is_sleeping: z.boolean().nullish(),
});

const Slots = z.array(
  z.object({ n_ctx: count.nullish(), is_processing: z.boolean().default(false) }),
);
