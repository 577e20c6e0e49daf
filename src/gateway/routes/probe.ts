import { toFault } from "../../base/fault.ts";
import type { Clock } from "../../base/clock.ts";
import type { Log } from "../../base/log.ts";
import type { Probing } from "../../models/probe/probing.ts";
import { type ProbeEvent, ProbeOrder } from "../../protocol/scorecard.ts";
import { defineRoute, type Route } from "../../protocol/route.ts";
import { streamValues } from "../event-body.ts";

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
      streamValues(told(probing.run(body, signal), body.model ?? "", { log, signal }), clock),
  }),
];

/** What fails at once keeps its status; what fails later is the last event. */
async function* told(
  events: AsyncIterable<ProbeEvent>,
  ref: string,
  { log, signal }: { log: Pick<Log, "error">; signal: AbortSignal },
): AsyncGenerator<ProbeEvent> {
  let begun = false;
  try {
    for await (const event of events) {
      begun = true;
      yield event;
    }
  } catch (error) {
    if (!begun || signal.aborted) throw error; // nobody is there to be told any more
    const onBug = (id: string, cause: unknown) => log.error({ id, err: cause }, "a probe failed");
    yield { type: "failed", ref, ...toFault(error, onBug).toJSON() };
    yield { type: "end", measured: 0, failed: 1 };
  }
}
