import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { openTestGateway, type TestGateway } from "../../../test/fakes/gateway.ts";
import { dayOf } from "../../models/cost/books.ts";
import type { DaySpending } from "../../store/store.ts";

let gateway: TestGateway;
const today = dayOf(Date.now());

before(async () => {
  gateway = await openTestGateway();
  const { spending } = gateway.store;
  await spending.add(spent(gateway.kim, { locality: "device" }));
  await spending.add(spent(gateway.kim, { model: "cloud/large", cost: 0.25 }));
  await spending.add(spent(gateway.lee, { locality: "device", day: "2020-01-31" }));
});
after(() => gateway.close());

const spent = (person: string, more: Partial<DaySpending>): DaySpending => ({
  person,
  day: today,
  model: "ollama/qwen3:8b",
  locality: "cloud",
  requests: 1,
  inputTokens: 1_000_000,
  cachedTokens: 400_000,
  cacheToldTokens: 1_000_000,
  outputTokens: 500_000,
  promptTokens: 600_000,
  promptMs: 3_000_000,
  timedOutputTokens: 500_000,
  outputMs: 50_000_000,
  cost: 0,
  ...more,
});

const ask = async (query: string, as?: string) =>
  (await gateway.call("GET", `/api/cost${query}`, as === undefined ? {} : { as })).json;

test("the owner sees what everybody used, by day or model, and what the budget has left", async () => {
  const { rows, total, people, budget, compareWith } = await ask("?by=model&since=all");
  assert.deepEqual(
    rows.map(({ key, requests }: Record<string, unknown>) => [key, requests]),
    [
      ["ollama/qwen3:8b", 2],
      ["cloud/large", 1],
    ],
  );
  assert.equal(total.cost, 0.25);
  assert.equal(people.length, 2);
  assert.deepEqual(budget, [{ period: "month", limit: 10, spent: 3 }]);
  assert.equal(compareWith, "cloud/large");
});

test("local tokens at the price of the cloud are what was avoided; cloud tokens avoid nothing", async () => {
  const { rows } = await ask("?by=model");
  const avoided = new Map(rows.map((row: Record<string, unknown>) => [row["key"], row["avoided"]]));
  assert.equal(avoided.get("ollama/qwen3:8b"), 2);
  assert.equal(avoided.get("cloud/large"), 0);
});

test("speeds are those that servers measured", async () => {
  const { total } = await ask("");
  assert.equal(total.promptTokensPerSecond, 200);
  assert.equal(total.outputTokensPerSecond, 10);
});

test("security: who is not the owner sees their own alone, and no budget", async () => {
  const { rows, people, budget } = await ask("?since=all", gateway.keys.lee);
  assert.deepEqual(
    rows.map(({ key }: { key: string }) => key),
    ["2020-01-31"],
  );
  assert.equal(people, undefined);
  assert.equal(budget, undefined);
});

test("this month is counted where nothing is said, and days from the one that is", async () => {
  assert.equal((await ask("", gateway.keys.lee)).rows.length, 0);
  assert.equal((await ask("?since=2020-01-31", gateway.keys.lee)).rows.length, 1);
  assert.equal((await ask("?since=2020-02-01", gateway.keys.lee)).rows.length, 0);
});

test("a question that is not understood is said to be so, with what is", async () => {
  for (const query of ["?by=hour", "?since=yesterday", "?since=0d", "?since=2026-13-01"]) {
    const { status, json } = await gateway.call("GET", `/api/cost${query}`);
    assert.deepEqual([status, json.error.code], [400, "REQUEST_INVALID"], query);
  }
});
