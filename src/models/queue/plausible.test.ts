import assert from "node:assert/strict";
import { test } from "node:test";

import { createFakeClock } from "../../../test/fakes/clock.ts";
import type { ChatEvent, Provider } from "../provider.ts";
import { chatRequest, collect } from "../provider.conformance.ts";
import { toTimeouts } from "../timeouts.ts";
import { attended } from "./attended.ts";
import { createScheduler } from "./scheduler.ts";

type Done = Extract<ChatEvent, { type: "done" }>;

/** What the books hear of a server that says this of its work. */
async function heard(said: Pick<Done, "usage" | "timings">): Promise<Done> {
  const provider: Provider = {
    id: "one",
    baseUrl: "",
    listModels: () => Promise.resolve([]),
    async *chat() {
      yield { type: "done", reason: "stop", ...said };
    },
  };
  const clock = createFakeClock();
  const chat = attended(provider, {
    scheduler: createScheduler(clock, 1),
    timeouts: toTimeouts(),
    clock,
    onEnd: () => {},
  });
  const done = (await collect(chat, chatRequest())).at(-1);
  assert.ok(done?.type === "done");
  return done;
}

test("security: no server's counts break a sum: fractions, 1e308, negative ones, more cached than there was", async () => {
  const { usage } = await heard({
    usage: { inputTokens: 1e308, outputTokens: 1.5, cachedTokens: 1e308, cacheWriteTokens: -1 },
  });
  for (const count of Object.values(usage)) {
    assert.ok(Number.isSafeInteger(count) && count >= 0, JSON.stringify(usage));
  }
  const cached = await heard({ usage: { inputTokens: 10, outputTokens: -3, cachedTokens: 1e9 } });
  assert.deepEqual(cached.usage, { inputTokens: 10, outputTokens: 0, cachedTokens: 10 });
});

test("security: a time that cannot be true is left out, and others are kept", async () => {
  const usage = { inputTokens: 10, outputTokens: 2 };
  const timings = { promptMs: 1e308, promptTokens: 9.4, outputMs: 12.5, loadMs: -1 };
  const done = await heard({ usage, timings });
  assert.deepEqual(done.timings, { outputMs: 12.5, promptTokens: 9 });
});
