import type { CostReport, CostSums } from "../../protocol/cost.ts";
import { defineCommand } from "../command.ts";

export const cost = defineCommand({
  name: "cost",
  summary: "show tokens, speeds and what they cost, and the cloud spend that local models avoided",
  options: [
    ["--by <what>", "day, model, session or turn; day without it"],
    ["--since <when>", "a day such as 2026-11-01, 7d, today, month or all; this month without it"],
    ["--json", "print JSON"],
  ],

  async run({ host, options, terminal, signal }) {
    const question = new URLSearchParams();
    for (const name of ["by", "since"]) {
      const value = options[name];
      if (typeof value === "string") question.set(name, value);
    }
    const report = await host.withGateway((client) => client.cost(question, signal), signal);
    if (options["json"]) {
      terminal.json(report);
      return 0;
    }
    const { rows, total, by, since, people = [] } = report;
    if (rows.length === 0) terminal.print(`Nothing was used since ${since}.`);
    else {
      const names = by === "session" || by === "turn" ? ["TITLE", "FULL"] : [];
      terminal.table([
        [by.toUpperCase(), ...names, ...COLUMNS, `COST ${report.currency}`, "AVOIDED"],
        ...rows.map((row) => [
          row.key,
          ...(names.length > 0 ? [row.title ?? "", full(row)] : []),
          ...cells(row),
        ]),
        ["all", ...names.map(() => ""), ...cells(total)],
      ]);
    }
    if (people.length > 1) {
      const lines = people.map((each) => [each.person || "checks and probes", ...cells(each)]);
      terminal.print("");
      terminal.table([["PERSON", ...COLUMNS, `COST ${report.currency}`, "AVOIDED"], ...lines]);
    }
    for (const line of remarks(report)) terminal.say(line);
    return 0;
  },
});

const COLUMNS = ["REQUESTS", "READ", "CACHED", "WRITTEN", "READ/S", "WRITTEN/S"];

const cells = (sums: CostSums) => [
  `${sums.requests}`,
  `${sums.inputTokens}`,
  cached(sums),
  `${sums.outputTokens}`,
  speed(sums.promptTokensPerSecond),
  speed(sums.outputTokensPerSecond),
  money(sums.cost),
  money(sums.avoided),
];

/** "?" where no server told, "1200 of 3000" where it was told of a part. */
const cached = ({ cachedTokens, cacheToldTokens, inputTokens }: CostSums) => {
  if (cachedTokens === null) return "?";
  return cacheToldTokens < inputTokens
    ? `${cachedTokens} of ${cacheToldTokens}`
    : `${cachedTokens}`;
};
const speed = (perSecond: number | null) => (perSecond === null ? "" : perSecond.toFixed(0));
const full = ({ usedTokens = 0, contextTokens = 0 }: CostReport["rows"][number]) =>
  contextTokens > 0 ? `${Math.round((100 * usedTokens) / contextTokens)}%` : "";

/** Requests cost fractions of a cent: two places would say that they were free. */
const money = (amount: number) => amount.toFixed(amount > 0 && amount < 1 ? 4 : 2);

function* remarks({ compareWith, budget = [], currency }: CostReport): Generator<string> {
  if (compareWith) yield `Avoided: what local tokens would have cost with ${compareWith}.`;
  else yield "Avoided is not counted: no cloud model of the config has a `cost`.";
  for (const { period, limit, spent } of budget) {
    yield `Budget of this ${period}: ${money(spent)} of ${money(limit)} ${currency} spent on cloud models.`;
  }
}
