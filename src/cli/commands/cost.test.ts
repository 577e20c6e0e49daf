import assert from "node:assert/strict";
import { test } from "node:test";

import { createTestTerminal } from "../../../test/fakes/terminal.ts";
import type { CostReport, CostSums } from "../../protocol/cost.ts";
import type { Client } from "../client.ts";
import type { Host } from "../command.ts";
import { cost } from "./cost.ts";

const signal = new AbortController().signal;

const sums = (cachedTokens: number | null, cacheToldTokens: number): CostSums => ({
  requests: 2,
  inputTokens: 100,
  cachedTokens,
  cacheToldTokens,
  outputTokens: 10,
  promptTokensPerSecond: null,
  outputTokensPerSecond: null,
  cost: 0,
  avoided: 0,
});

test("cached tokens that no server told of are a question mark, and a part that was told is told as one", async () => {
  const report: CostReport = {
    currency: "USD",
    by: "model",
    since: "2026-11-01",
    compareWith: null,
    rows: [
      { key: "ollama/silent", ...sums(null, 0) },
      { key: "vllm/part", ...sums(40, 50) },
      { key: "mlx/none", ...sums(0, 100) },
    ],
    total: sums(40, 150),
  };
  const terminal = createTestTerminal();
  const client = { cost: async () => report } as unknown as Client; // the one call of the command
  const host = {
    withGateway: (work: (client: Client) => unknown) => work(client),
  } as unknown as Host;
  await cost.run({ args: [], options: {}, host, terminal, within: async () => undefined, signal });
  assert.match(terminal.out(), /ollama\/silent\|2\|100\|\?\|10/);
  assert.match(terminal.out(), /vllm\/part\|2\|100\|40 of 50\|10/);
  assert.match(terminal.out(), /mlx\/none\|2\|100\|0\|10/);
});
