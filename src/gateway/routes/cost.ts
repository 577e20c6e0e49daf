import type { Clock } from "../../base/clock.ts";
import { Fault } from "../../base/fault.ts";
import type { AskCost } from "../../models/cost/cost-report.ts";
import { parseSince } from "../../models/cost/since.ts";
import { COST_BY, type CostBy } from "../../protocol/cost.ts";
import { defineRoute, type Route } from "../../protocol/route.ts";

export type CostDeps = { cost: AskCost; clock: Clock };

export const costRoutes = ({ cost, clock }: CostDeps): Route[] => [
  defineRoute({
    method: "GET",
    path: "/api/cost",
    scope: "read",
    handle: ({ caller: { person }, query }) => {
      const since = parseSince(query.get("since"), clock.now());
      if (since === undefined) {
        throw invalid("since", 'must be a day such as 2026-11-01, "7d", "today", "month" or "all"');
      }
      return cost({ person, by: readBy(query.get("by")), since });
    },
  }),
];

function readBy(text: string | null): CostBy {
  const by = COST_BY.find((by) => by === (text ?? "day"));
  if (by) return by;
  throw invalid("by", `must be one of: ${COST_BY.join(", ")}`);
}

const invalid = (name: string, detail: string) =>
  new Fault("REQUEST_INVALID", { where: `query "${name}"`, detail });
