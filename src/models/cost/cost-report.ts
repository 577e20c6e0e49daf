/** What was used and what it cost: a person's own, or everybody's for the owner. */

import type { Clock } from "../../base/clock.ts";
import type { CostBy, CostReport } from "../../protocol/cost.ts";
import type { Spending } from "../../store/store.ts";
import type { Spent } from "./budget.ts";
import type { Comparison } from "./compare.ts";
import { peopleOf, rowsOfDays, rowsOfSessions, toSums } from "./report.ts";
import type { CostSettings } from "./settings.ts";
import { startOfDay } from "./since.ts";

export type CostReportDeps = {
  spending: Spending;
  spent: () => Spent;
  settings: CostSettings;
  comparison: Comparison | undefined;
  /** Who sees what everybody used. */
  isOwner: (person: string) => Promise<boolean>;
  clock: Clock;
};

export type CostQuestion = {
  person: string;
  by: CostBy;
  /** A day. */
  since: string;
};

export type AskCost = (question: CostQuestion) => Promise<CostReport>;

export function createCostReport(deps: CostReportDeps): AskCost {
  const { spending, settings, comparison, isOwner } = deps;
  return async ({ person, by, since }) => {
    const owner = await isOwner(person);
    const days = await spending.list({ since, person: owner ? undefined : person });
    const about = {
      currency: settings.currency,
      by,
      since,
      compareWith: comparison?.ref ?? null,
      ...(owner && { people: peopleOf(days, comparison), budget: budgetOf(deps) }),
    };
    if (by === "day" || by === "model") {
      return { ...about, rows: rowsOfDays(days, by, comparison), total: toSums(days, comparison) };
    }
    // Sessions are their owner's alone: somebody else's does not exist, also for the owner of the machine.
    const of = { person, since: startOfDay(since) };
    const used = await (by === "turn" ? spending.turns(of) : spending.sessions(of));
    const rows = rowsOfSessions(used, by, comparison);
    return { ...about, rows, total: toSums(used, comparison) };
  };
}

function budgetOf({ settings: { budget }, spent }: CostReportDeps) {
  const { day, month } = spent();
  return [
    ...(budget.perDay === undefined
      ? []
      : [{ period: "day" as const, limit: budget.perDay, spent: day }]),
    ...(budget.perMonth === undefined
      ? []
      : [{ period: "month" as const, limit: budget.perMonth, spent: month }]),
  ];
}
