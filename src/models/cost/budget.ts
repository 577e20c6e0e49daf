/** Whether a route may be asked for what it costs. Pure: a decision of what was spent and what may be. */

import { Fault } from "../../base/fault.ts";
import type { Locality } from "../../protocol/event.ts";
import type { CostSettings } from "./settings.ts";

export type Spent = { day: number; month: number };

/** What cannot be proved to run here or on one's own network may be billed by somebody. */
export const mayCost = (locality: Locality): boolean =>
  locality === "cloud" || locality === "unknown";

/**
 * The fault that keeps the cloud from being asked; undefined for what is local, and while money is left. What
 * is held for requests that run counts as spent: many at once would each find the same rest.
 */
export function overBudget(
  locality: Locality,
  { spent, held }: { spent: Spent; held: number },
  { budget }: Pick<CostSettings, "budget">,
): Fault | undefined {
  if (!mayCost(locality)) return undefined;
  for (const { period, setting, limit, used } of [
    { period: "of today", setting: "cost.budget.perDay", limit: budget.perDay, used: spent.day },
    {
      period: "of this month",
      setting: "cost.budget.perMonth",
      limit: budget.perMonth,
      used: spent.month,
    },
  ]) {
    if (limit === undefined || used + held < limit) continue;
    return new Fault("COST_BUDGET_SPENT", { period, setting, held: used < limit });
  }
  return undefined;
}
