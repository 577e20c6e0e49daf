/** What `GET /api/cost` answers: tokens, speeds and money, by day, model, session or turn. */

export const COST_BY = ["day", "model", "session", "turn"] as const;
export type CostBy = (typeof COST_BY)[number];

export type CostSums = {
  requests: number;
  /** All prompt tokens. */
  inputTokens: number;
  /** Those of them that servers said they had cached; null where no server said anything of it. */
  cachedTokens: number | null;
  /** The prompt tokens of the requests whose server said: `cachedTokens` are some of these. */
  cacheToldTokens: number;
  outputTokens: number;
  /** Measured by the servers; null where none of them said how long it took. */
  promptTokensPerSecond: number | null;
  outputTokensPerSecond: number | null;
  /** In the configured currency. */
  cost: number;
  /** What the tokens of local models would have cost at the price of `compareWith`. */
  avoided: number;
};

export type CostRow = {
  /** The day, the model, or the id of the session or turn. */
  key: string;
  /** Sessions and turns: the session's title, the model, and how full its window became at most. */
  title?: string;
  session?: string;
  model?: string;
  usedTokens?: number;
  contextTokens?: number;
  /** Models: where they run. */
  locality?: string;
} & CostSums;

export type CostReport = {
  currency: string;
  by: CostBy;
  /** The first day that is counted, such as "2026-11-01". */
  since: string;
  /** The priced model that local work is compared with; null where config prices none. */
  compareWith: string | null;
  rows: CostRow[];
  total: CostSums;
  /** By person; for the owner alone. */
  people?: ({ person: string } & CostSums)[];
  /** What all people together spent of it; for the owner alone. */
  budget?: { period: "day" | "month"; limit: number; spent: number }[];
};
