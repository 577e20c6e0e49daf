/** What the gateway's `/api/models` offers, as the commands use it. */

import type { ModelList, QueueReport } from "../protocol/api.ts";
import type { Status } from "../protocol/event.ts";
import type { ServiceReport } from "../protocol/local-service.ts";
import type { EngineStatus, EngineWanted } from "../protocol/model-engine.ts";
import type { ModelFit } from "../protocol/model-fit.ts";
import type { KeepingEvent, LoadedModels, ModelDetails } from "../protocol/model-keeping.ts";
import type { ProbeEvent, ProbeOrder } from "../protocol/scorecard.ts";
import type { Call, Follow } from "./client.ts";

export type PullAsked = { name: string; server?: string; insecure?: boolean };

export const createModelCalls = (call: Call, follow: Follow) => ({
  models: (signal: AbortSignal) => call<ModelList>("GET", "/api/models", signal),
  useModel: (model: string, signal: AbortSignal) =>
    call<Status>("POST", "/api/models/use", signal, { body: { model } }),

  loadedModels: (signal: AbortSignal) => call<LoadedModels>("GET", "/api/models/loaded", signal),
  showModel: (model: string, signal: AbortSignal) =>
    call<ModelDetails>("GET", `/api/models/details?model=${encodeURIComponent(model)}`, signal),
  loadModel: (model: string, signal: AbortSignal) =>
    follow<KeepingEvent>("POST", "/api/models/load", signal, { body: { model } }),
  unloadModel: (model: string, signal: AbortSignal) =>
    call<{ ref: string }>("POST", "/api/models/unload", signal, { body: { model } }),
  pullModel: (asked: PullAsked, signal: AbortSignal) =>
    follow<KeepingEvent>("POST", "/api/models/pull", signal, { body: asked }),
  fitModels(asked: { name?: string; context?: string }, signal: AbortSignal) {
    const query = new URLSearchParams(asked).toString();
    return call<ModelFit>("GET", `/api/models/fit${query && `?${query}`}`, signal);
  },
  engine: (signal: AbortSignal) => call<EngineStatus>("GET", "/api/models/engine", signal),
  installEngine: (wanted: EngineWanted, signal: AbortSignal) =>
    follow<KeepingEvent>("POST", "/api/models/engine/install", signal, { body: wanted }),
  removeEngine: (signal: AbortSignal) =>
    call<{ removed: boolean }>("POST", "/api/models/engine/remove", signal),
  services: (signal: AbortSignal) =>
    call<{ services: ServiceReport[] }>("GET", "/api/models/services", signal),
  approveService: (id: string, hash: string, signal: AbortSignal) =>
    call<ServiceReport>("POST", `/api/models/services/${encodeURIComponent(id)}/approve`, signal, {
      body: { hash },
    }),
  stopService: (id: string, signal: AbortSignal) =>
    call<ServiceReport>("POST", `/api/models/services/${encodeURIComponent(id)}/stop`, signal),
  queues: (signal: AbortSignal) =>
    call<{ queues: QueueReport[] }>("GET", "/api/models/queues", signal),
  probeModel: (order: ProbeOrder, signal: AbortSignal) =>
    follow<ProbeEvent>("POST", "/api/models/probe", signal, { body: order }),
  removeModel: (model: string, force: boolean, signal: AbortSignal) =>
    call<{ ref: string; sizeBytes?: number }>("POST", "/api/models/remove", signal, {
      body: { model, force },
    }),
});
