import { Fault } from "../../base/fault.ts";
import type { Hub } from "../../channels/hub.ts";
import { ModelUse, type LedgerLine, type ModelList } from "../../protocol/api.ts";
import type { Finding } from "../../protocol/check.ts";
import type { Status } from "../../protocol/event.ts";
import { defineRoute, type Route } from "../../protocol/route.ts";

/** What other rooms know and do; `app.ts` hands it in. */
export type SystemDeps = {
  status: () => Promise<Status>;
  models: (signal: AbortSignal) => Promise<ModelList>;
  /** Throws `MODEL_MISSING` and what else keeps a model from answering. */
  useModel: (ref: string, signal: AbortSignal) => Promise<unknown>;
  /** The newest lines, newest last. */
  ledger: (limit: number) => Promise<LedgerLine[]>;
  /** Looks; with `fix` also mends what is safe to mend. */
  runChecks: (fix: boolean, signal: AbortSignal) => Promise<Finding[]>;
  /** Returns at once; the gateway ends once this answer is out. */
  requestStop: () => void;
  hub: Pick<Hub, "publishToAll">;
};

const LEDGER_LINES = 200;
/** As many as the app can show without a search. */
const MAX_LEDGER_LINES = 5_000;

export function systemRoutes(deps: SystemDeps): Route[] {
  const { status, hub } = deps;
  /** Everyone sees at once what one of them changed. */
  const changed = async (): Promise<Status> => {
    const now = await status();
    hub.publishToAll({ type: "status", status: now });
    return now;
  };
  return [
    defineRoute({ method: "GET", path: "/api/status", scope: "read", handle: status }),
    defineRoute({
      method: "GET",
      path: "/api/models",
      scope: "read",
      handle: ({ signal }) => deps.models(signal),
    }),
    defineRoute({
      method: "POST",
      path: "/api/models/use",
      scope: "admin",
      body: ModelUse,
      handle: async ({ body, signal }) => {
        await deps.useModel(body.model, signal);
        return changed();
      },
    }),
    defineRoute({
      method: "GET",
      path: "/api/ledger",
      scope: "read",
      handle: async ({ query }) => ({ lines: await deps.ledger(readLimit(query)) }),
    }),
    defineRoute({
      method: "GET",
      path: "/api/doctor",
      scope: "read",
      handle: async ({ signal }) => ({ findings: await deps.runChecks(false, signal) }),
    }),
    defineRoute({
      method: "POST",
      path: "/api/doctor",
      scope: "admin",
      handle: async ({ signal }) => ({ findings: await deps.runChecks(true, signal) }),
    }),
    defineRoute({
      method: "POST",
      path: "/api/gateway/stop",
      scope: "admin",
      handle: async () => {
        deps.requestStop();
        return {};
      },
    }),
  ];
}

function readLimit(query: URLSearchParams): number {
  const text = query.get("limit");
  if (text === null) return LEDGER_LINES;
  const limit = Number(text);
  if (Number.isInteger(limit) && limit >= 1 && limit <= MAX_LEDGER_LINES) return limit;
  throw new Fault("REQUEST_INVALID", {
    where: 'query "limit"',
    detail: `must be a whole number from 1 to ${MAX_LEDGER_LINES}`,
  });
}
