import { Fault, type FaultReport } from "../../base/fault.ts";
import type { Clock } from "../../base/clock.ts";
import type { Log } from "../../base/log.ts";
import { type Fit, type FitWanted, isGgufFile } from "../../models/fit/fit.ts";
import type { Keeping } from "../../models/keeping/keeping.ts";
import {
  type KeepingEvent,
  ModelNamed,
  ModelPull,
  ModelRemove,
} from "../../protocol/model-keeping.ts";
import type { Scope } from "../../protocol/api.ts";
import { defineRoute, type Route } from "../../protocol/route.ts";
import { streamValues, told } from "../event-body.ts";

export type KeepingDeps = {
  keeping: Keeping;
  fit: Fit;
  clock: Pick<Clock, "sleep">;
  log: Pick<Log, "error">;
};

/** How a load, a download or an install that fails half-way is told. */
export const KEEPING_FAILED = {
  what: "the keeping of a model failed",
  toEvents: (report: FaultReport): KeepingEvent[] => [{ type: "failed", ...report }],
};

/** Loading, fetching and removing models. What takes long is told as server-sent events. */
export function keepingRoutes({ keeping, fit, clock, log }: KeepingDeps): Route[] {
  const stream = (events: AsyncIterable<KeepingEvent>, signal: AbortSignal) =>
    streamValues(told(events, KEEPING_FAILED, { log, signal }), clock);
  return [
    defineRoute({
      method: "GET",
      path: "/api/models/loaded",
      scope: "read",
      handle: ({ signal }) => keeping.loaded(signal),
    }),
    defineRoute({
      method: "GET",
      path: "/api/models/details",
      scope: "read",
      handle: ({ query, signal }) => keeping.show(readModel(query), signal),
    }),
    defineRoute({
      method: "GET",
      path: "/api/models/fit",
      scope: "read",
      handle: ({ caller, query, signal }) => fit(readFit(query, caller.scopes), signal),
    }),
    defineRoute({
      method: "POST",
      path: "/api/models/load",
      scope: "admin",
      body: ModelNamed,
      handle: async ({ body, signal }) => stream(keeping.load(body.model, signal), signal),
    }),
    defineRoute({
      method: "POST",
      path: "/api/models/unload",
      scope: "admin",
      body: ModelNamed,
      handle: ({ body, signal }) => keeping.unload(body.model, signal),
    }),
    defineRoute({
      method: "POST",
      path: "/api/models/pull",
      scope: "admin",
      body: ModelPull,
      handle: async ({ body, signal }) =>
        stream(keeping.pull({ ...body, insecure: body.insecure ?? false }, signal), signal),
    }),
    defineRoute({
      method: "POST",
      path: "/api/models/remove",
      scope: "admin",
      body: ModelRemove,
      handle: ({ body, signal }) =>
        keeping.remove({ ref: body.model, force: body.force ?? false }, signal),
    }),
  ];
}

/** Longer than any path of a model that people keep. */
const MAX_NAME_LENGTH = 1_000;

function readFit(query: URLSearchParams, scopes: readonly Scope[]): FitWanted {
  const name = query.get("name") ?? undefined;
  const context = query.get("context");
  if (name !== undefined && (name === "" || name.length > MAX_NAME_LENGTH)) {
    const detail = `must have 1 to ${MAX_NAME_LENGTH} characters`;
    throw new Fault("REQUEST_INVALID", { where: 'query "name"', detail });
  }
  // What stands in a file of this machine is not for everybody who may see the models.
  if (name && isGgufFile(name) && !scopes.includes("admin")) {
    throw new Fault("AUTH_SCOPE", { scope: "admin" });
  }
  if (context === null) return { name };
  const contextTokens = Number(context);
  if (Number.isInteger(contextTokens) && contextTokens >= 1) return { name, contextTokens };
  const detail = "must be a whole number of tokens";
  throw new Fault("REQUEST_INVALID", { where: 'query "context"', detail });
}

const MAX_REF_LENGTH = 300;

function readModel(query: URLSearchParams): string {
  const model = query.get("model");
  if (model && model.length <= MAX_REF_LENGTH) return model;
  const detail = `must be a model, "provider/model", of at most ${MAX_REF_LENGTH} characters`;
  throw new Fault("REQUEST_INVALID", { where: 'query "model"', detail });
}
