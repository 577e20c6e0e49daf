import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";

import { createManualClock, type ManualClock } from "../../../test/fakes/agent-stage.ts";
import { createStore } from "../../store/sqlite.ts";
import type { Store } from "../../store/store.ts";
import type { WatchedChat } from "../watch.ts";
import { createBooks, dayOf } from "./books.ts";
import { guessUsage } from "./guess.ts";
import { rowsOfDays } from "./report.ts";
import { parseSince } from "./since.ts";
import { costSetting } from "./settings.ts";

const DAY_MS = 24 * 60 * 60 * 1000;
const price = { input: 10, output: 10 };
const settings = costSetting.schema.parse({ budget: { perDay: 1, perMonth: 1.5 } });

let store: Store;
let clock: ManualClock;
const failures: unknown[] = [];

beforeEach(async () => {
  clock = createManualClock();
  store = await createStore({ folder: ":memory:", clock });
});
afterEach(() => store.close());

const open = () =>
  createBooks({
    spending: store.spending,
    settings,
    priceOf: (ref) => (ref.startsWith("cloud/") ? price : undefined),
    clock,
    onFailure: (error) => failures.push(error),
  });

const chat = (ref: string, person = "per_kim"): WatchedChat => ({
  ref,
  locality: ref.startsWith("cloud/") ? "cloud" : "device",
  request: { model: "m", system: "", tools: [], messages: [], contextTokens: 8192, person },
});

/** 60,000 tokens at 10 per million: 0.60. */
const done = {
  type: "done",
  reason: "stop",
  usage: { inputTokens: 50_000, outputTokens: 10_000 },
} as const;

test("a budget stops the cloud once it is spent, over a restart too, and never what is local", async () => {
  const books = await open();
  books.begins(chat("cloud/large"));
  books.ends(chat("cloud/large"), done);
  books.begins(chat("cloud/large"));
  books.ends(chat("cloud/large"), done);
  assert.throws(() => books.begins(chat("cloud/large")), { code: "COST_BUDGET_SPENT" });
  books.begins(chat("ollama/qwen3:8b"));
  await store.values.set("settled", ""); // what was written before it is there now
  const again = await open();
  assert.throws(() => again.begins(chat("cloud/large")), { code: "COST_BUDGET_SPENT" });
});

test("requests at once do not all find the same rest: what each may cost is held until it is over", async () => {
  const books = await open();
  const asked = chat("cloud/large");
  const large = { ...asked, request: { ...asked.request, contextTokens: 1e6, maxTokens: 50_000 } };
  const [first, second] = [books.begins(large), books.begins(large)]; // 0.50 each, of 1.00
  assert.throws(() => books.begins(large), {
    code: "COST_BUDGET_SPENT",
    message: /held for requests that run now/,
  });
  books.begins(chat("ollama/qwen3:8b"));
  assert.deepEqual(books.spent(), { day: 0, month: 0 });
  first?.();
  first?.(); // once is enough
  const third = books.begins(large);
  assert.throws(() => books.begins(large), { code: "COST_BUDGET_SPENT" });
  second?.();
  third?.();
  books.begins(large);
});

test("a prompt of text and images is guessed before it is sent, within its window", () => {
  const image = { mediaType: "image/png", name: "a.png", data: "" } as const;
  const messages = [{ role: "user", text: "x".repeat(3_000), images: [image] }] as const;
  const request = { ...chat("m").request, messages, maxTokens: 100 };
  assert.deepEqual(guessUsage(request), { inputTokens: 2_601, outputTokens: 100 });
  assert.equal(guessUsage({ ...request, contextTokens: 2_000 }).inputTokens, 2_000);
});

test("a new day has its own budget, within that of the month", async () => {
  const books = await open();
  for (let times = 0; times < 2; times++) books.ends(chat("cloud/large"), done);
  clock.advance(DAY_MS);
  books.begins(chat("cloud/large"));
  books.ends(chat("cloud/large"), done);
  assert.throws(() => books.begins(chat("cloud/large")), {
    message: /the budget of this month is spent/,
  });
  clock.advance(31 * DAY_MS);
  books.begins(chat("cloud/large"));
});

test("each request is in the sum of its person, day, model and locality", async () => {
  const books = await open();
  const timed = { ...done, timings: { promptMs: 500, promptTokens: 5_000, outputMs: 1_000 } };
  books.ends(chat("ollama/qwen3:8b"), timed);
  books.ends(chat("ollama/qwen3:8b"), done);
  books.ends(chat("ollama/qwen3:8b", "per_lee"), done);
  await store.values.set("settled", "");
  const rows = await store.spending.list({ person: "per_kim", since: "2000-01-01" });
  assert.deepEqual(rows, [
    {
      person: "per_kim",
      day: dayOf(clock.now()),
      model: "ollama/qwen3:8b",
      locality: "device",
      requests: 2,
      inputTokens: 100_000,
      cachedTokens: 0,
      cacheToldTokens: 0,
      outputTokens: 20_000,
      promptTokens: 5_000,
      promptMs: 500,
      timedOutputTokens: 10_000,
      outputMs: 1_000,
      cost: 0,
    },
  ]);
  assert.deepEqual(failures, []);
});

test("how much was cached is told of the requests whose server said it, and never as 0 where none did", async () => {
  const books = await open();
  books.ends(chat("ollama/silent"), done);
  books.ends(chat("vllm/said"), done);
  books.ends(chat("vllm/said"), { ...done, usage: { ...done.usage, cachedTokens: 40_000 } });
  books.ends(chat("mlx/none"), { ...done, usage: { ...done.usage, cachedTokens: 0 } });
  await store.values.set("settled", "");
  const days = await store.spending.list({ person: "per_kim", since: "2000-01-01" });
  const rows = rowsOfDays(days, "model", undefined);
  assert.deepEqual(
    rows.map(({ key, cachedTokens, cacheToldTokens }) => [key, cachedTokens, cacheToldTokens]),
    [
      ["mlx/none", 0, 50_000],
      ["ollama/silent", null, 0],
      ["vllm/said", 40_000, 50_000],
    ],
  );
});

test("days are asked for as people say them", () => {
  const now = new Date("2026-11-21T10:00:00").getTime();
  assert.equal(parseSince(null, now), "2026-11-01");
  assert.equal(parseSince("today", now), "2026-11-21");
  assert.equal(parseSince("7d", now), "2026-11-15");
  assert.equal(parseSince("2026-02-03", now), "2026-02-03");
  for (const text of ["0d", "yesterday", "2026-13-01", "21.11.2026"]) {
    assert.equal(parseSince(text, now), undefined, text);
  }
});
