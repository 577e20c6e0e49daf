import type { FaultReport } from "../../base/fault.ts";
import type { Clock } from "../../base/clock.ts";
import type { Log } from "../../base/log.ts";
import type { Probing } from "../../models/probe/probing.ts";
import { type ProbeEvent, ProbeOrder } from "../../protocol/scorecard.ts";
import { defineRoute, type Route } from "../../protocol/route.ts";
import { streamValues, told } from "../event-body.ts";

export type ProbeRouteDeps = {
  probing: Probing;
  clock: Pick<Clock, "sleep">;
  log: Pick<Log, "error">;
};

/** Measuring a model takes a minute or more: told as it goes, and stopped when the caller hangs up. */
export const probeRoutes = ({ probing, clock, log }: ProbeRouteDeps): Route[] => [
  defineRoute({
    method: "POST",
    path: "/api/models/probe",
    scope: "admin",
    body: ProbeOrder,
    handle: async ({ body, signal }) =>
      streamValues(
        told(probing.run(body, signal), probeFailed(body.model ?? ""), { log, signal }),
        clock,
      ),
  }),
];

const probeFailed = (ref: string) => ({
  what: "a probe failed",
  toEvents: (report: FaultReport): ProbeEvent[] => [
    { type: "failed", ref, ...report },
    { type: "end", measured: 0, failed: 1 },
  ],
});
