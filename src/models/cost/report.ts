/** Makes of the store's sums what `GET /api/cost` answers. Pure. */

import type { CostBy, CostReport, CostRow, CostSums } from "../../protocol/cost.ts";
import type { Locality } from "../../protocol/event.ts";
import {
  type DaySpending,
  type SessionSpending,
  SPENDING_SUMS,
  type SpendingSums,
  type TurnSpending,
} from "../../store/store.ts";
import { mayCost } from "./budget.ts";
import { avoidedBy, type Comparison } from "./compare.ts";

/** By day or model, of one person or of all. */
export function rowsOfDays(
  days: readonly DaySpending[],
  by: Extract<CostBy, "day" | "model">,
  comparison: Comparison | undefined,
): CostRow[] {
  const groups = Map.groupBy(days, ({ day, model }) => (by === "day" ? day : model));
  return Array.from(groups, ([key, rows]) => ({
    key,
    ...(by === "model" && {
      locality: [...new Set(rows.map(({ locality }) => locality))].join(", "),
    }),
    ...toSums(rows, comparison),
  }));
}

/** By session or turn; the newest first, because those are what one asks about. */
export function rowsOfSessions(
  used: readonly (SessionSpending | TurnSpending)[],
  by: Extract<CostBy, "session" | "turn">,
  comparison: Comparison | undefined,
): CostRow[] {
  const idOf = (row: SessionSpending | TurnSpending) =>
    by === "turn" && "turn" in row ? row.turn : row.session;
  const rows = Array.from(Map.groupBy(used, idOf), ([key, rows]) => {
    const fullest = rows.toSorted((a, b) => share(b) - share(a))[0];
    return {
      at: Math.max(...rows.map(({ at }) => at)),
      row: {
        key,
        ...(fullest && {
          title: fullest.title,
          session: fullest.session,
          model: [...new Set(rows.map(({ model }) => model))].join(", "),
          usedTokens: fullest.usedTokens,
          contextTokens: fullest.contextTokens,
        }),
        ...toSums(rows, comparison),
      },
    };
  });
  return rows.toSorted((a, b) => b.at - a.at).map(({ row }) => row);
}

export const peopleOf = (
  days: readonly DaySpending[],
  comparison: Comparison | undefined,
): NonNullable<CostReport["people"]> =>
  Array.from(
    Map.groupBy(days, ({ person }) => person),
    ([person, rows]) => ({ person, ...toSums(rows, comparison) }),
  );

export function toSums(
  rows: readonly (SpendingSums & { locality: string })[],
  comparison: Comparison | undefined,
): CostSums {
  const sums = Object.fromEntries(SPENDING_SUMS.map((name) => [name, 0])) as SpendingSums; // all of its names
  let avoided = 0;
  for (const row of rows) {
    for (const name of SPENDING_SUMS) sums[name] += row[name];
    if (!mayCost(row.locality as Locality)) avoided += avoidedBy(row, comparison);
  }
  const { requests, inputTokens, cachedTokens, cacheToldTokens, outputTokens, cost } = sums;
  return {
    requests,
    inputTokens,
    // Ollama, MLX and others tell nothing of their cache: that is not "nothing was cached".
    cachedTokens: inputTokens > 0 && cacheToldTokens === 0 ? null : cachedTokens,
    cacheToldTokens,
    outputTokens,
    promptTokensPerSecond: perSecond(sums.promptTokens, sums.promptMs),
    outputTokensPerSecond: perSecond(sums.timedOutputTokens, sums.outputMs),
    cost,
    avoided,
  };
}

const share = ({ usedTokens, contextTokens }: SessionSpending) =>
  usedTokens / Math.max(1, contextTokens);

const perSecond = (tokens: number, ms: number) => (ms > 0 ? (tokens * 1000) / ms : null);
