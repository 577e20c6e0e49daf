/**
 * LM Studio, over its REST API `/api/v1` (since 0.4; lmstudio.ai/docs/developer/rest). Older ones list what
 * is loaded under `/api/v0`, and load by themselves what a request names.
 */

import { z } from "zod";

import { Fault } from "../../base/fault.ts";
import { createModelServer, type ModelServer, toMissing } from "../model-server.ts";
import { createFixedKeeper, refusing } from "./fixed-keeper.ts";
import { ACT_TIMEOUT_MS, type Keeper, type KeeperOptions } from "./keeper.ts";
import type { Loaded, PullStep } from "./keeper.ts";

/** It tells how far a download is only when it is asked. */
const POLL_MS = 1_000;

export function createLmstudioKeeper(options: KeeperOptions): Keeper {
  const { id, loadTimeoutMs } = options;
  const server = createModelServer(options);
  const cannot = refusing(id, "lmstudio");

  async function find(model: string, signal: AbortSignal): Promise<Entry> {
    const models = await list(server, signal);
    const found = models.find(({ key }) => key === model);
    if (found) return found;
    const names = models.map(({ key }) => key);
    throw toMissing(id, model, names);
  }

  return createFixedKeeper(options, {
    canPull: () => Promise.resolve(true),

    async loaded(signal) {
      return (await list(server, signal)).flatMap(toLoaded);
    },

    async load({ model, contextTokens }, signal) {
      const { loaded_instances } = await find(model, signal);
      // It would load a second one beside the first.
      const wanted = ({ config }: Instance) => config?.context_length === contextTokens;
      if (loaded_instances.some(wanted)) return;
      for (const instance of loaded_instances) await unloadInstance(server, instance.id, signal);
      const body = { model, config: { context_length: contextTokens } };
      const path = "/api/v1/models/load";
      const act = { path, body, model, purpose: "models.load", headTimeoutMs: loadTimeoutMs };
      await server.act(act, z.unknown(), signal);
    },

    async unload(model, signal) {
      const { loaded_instances } = await find(model, signal);
      for (const instance of loaded_instances) await unloadInstance(server, instance.id, signal);
    },

    async show(model, signal) {
      const { architecture, quantization, params_string, format } = await find(model, signal);
      return {
        ...(architecture && { family: architecture }),
        ...(quantization?.name && { quantisation: quantization.name }),
        ...(params_string && { parameters: params_string }),
        ...(format && { format }),
      };
    },

    pull: (wanted, signal) => pull(wanted.name, { ...options, server }, signal),
    remove: (model) => cannot(`remove "${model}"`),
  });
}

async function unloadInstance(server: ModelServer, instance: string, signal: AbortSignal) {
  const body = { instance_id: instance };
  const act = { path: "/api/v1/models/unload", body, purpose: "models.unload" };
  await server.act({ ...act, headTimeoutMs: ACT_TIMEOUT_MS }, z.unknown(), signal);
}

/** It goes on with a download also when nobody asks how far it is; its window can stop one, its API cannot. */
async function* pull(
  name: string,
  { id, server, sleep }: Pick<KeeperOptions, "id" | "sleep"> & { server: ModelServer },
  signal: AbortSignal,
): AsyncGenerator<PullStep> {
  const path = "/api/v1/models/download";
  const act = { path, body: { model: name }, model: name, purpose: "models.pull" };
  let job = await server.act({ ...act, headTimeoutMs: ACT_TIMEOUT_MS }, Job, signal);
  const { job_id } = job;
  for (;;) {
    if (job.status === "completed" || job.status === "already_downloaded") return;
    if (job.status === "failed" || job_id === undefined) {
      throw new Fault("MODEL_PULL_FAILED", { provider: id, name, detail: "LM Studio gave it up" });
    }
    const text = job.status === "paused" ? "paused in LM Studio" : "downloading";
    const { downloaded_bytes: doneBytes, total_size_bytes: totalBytes } = job;
    yield {
      text,
      goesOn: true,
      ...(doneBytes !== undefined && { doneBytes }),
      ...(totalBytes !== undefined && { totalBytes }),
    };
    await sleep(POLL_MS, signal);
    job = await server.read(`${path}/status/${encodeURIComponent(job_id)}`, Job, signal);
  }
}

async function list(server: ModelServer, signal: AbortSignal): Promise<Entry[]> {
  return (await server.read("/api/v1/models", Entries, signal)).models;
}

const toLoaded = ({ key, size_bytes, loaded_instances }: Entry): Loaded[] =>
  loaded_instances.map(({ config }) => ({
    model: key,
    state: "loaded",
    ...(config?.context_length && { contextTokens: config.context_length }),
    ...(size_bytes && { sizeBytes: size_bytes }),
  }));

const Instance = z.object({
  id: z.string().min(1),
  config: z.object({ context_length: z.number().nonnegative().nullish() }).nullish(),
});
type Instance = z.infer<typeof Instance>;

const Entry = z.object({
  key: z.string().min(1),
  architecture: z.string().nullish(),
  quantization: z.object({ name: z.string().nullish() }).nullish(),
  params_string: z.string().nullish(),
  format: z.string().nullish(),
  size_bytes: z.number().nonnegative().nullish(),
  loaded_instances: z.array(Instance).default([]),
});
type Entry = z.infer<typeof Entry>;
const Entries = z.object({ models: z.array(Entry) });

const Job = z.object({
  job_id: z.string().optional(),
  status: z.enum(["downloading", "paused", "completed", "failed", "already_downloaded"]),
  total_size_bytes: z.number().nonnegative().optional(),
  downloaded_bytes: z.number().nonnegative().optional(),
});
