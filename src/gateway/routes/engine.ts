import type { Clock } from "../../base/clock.ts";
import type { Log } from "../../base/log.ts";
import type { EngineInstaller } from "../../models/engine/installer.ts";
import { EngineWanted } from "../../protocol/model-engine.ts";
import { defineRoute, type Route } from "../../protocol/route.ts";
import { streamValues, told } from "../event-body.ts";
import { KEEPING_FAILED } from "./models.ts";

export type EngineDeps = {
  engine: EngineInstaller;
  clock: Pick<Clock, "sleep">;
  log: Pick<Log, "error">;
};

/** The add-on that runs GGUF files. */
export const engineRoutes = ({ engine, clock, log }: EngineDeps): Route[] => [
  defineRoute({
    method: "GET",
    path: "/api/models/engine",
    scope: "read",
    handle: async () => engine.status(),
  }),
  defineRoute({
    method: "POST",
    path: "/api/models/engine/install",
    scope: "admin",
    body: EngineWanted,
    handle: async ({ body, signal }) =>
      streamValues(told(engine.install(body, signal), KEEPING_FAILED, { log, signal }), clock),
  }),
  defineRoute({
    method: "POST",
    path: "/api/models/engine/remove",
    scope: "admin",
    handle: () => engine.remove(),
  }),
];
