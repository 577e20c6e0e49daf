import assert from "node:assert/strict";
import { test } from "node:test";

import { createFakeClock, type FakeClock } from "../../test/fakes/clock.ts";
import { attended } from "./queue/attended.ts";
import { chatRequest, collect } from "./provider.conformance.ts";
import type { ChatEvent, Provider } from "./provider.ts";
import { createScheduler } from "./queue/scheduler.ts";
import { toTimeouts } from "./timeouts.ts";

const TEXT: ChatEvent = { type: "text", text: "a" };
const DONE: ChatEvent = {
  type: "done",
  reason: "stop",
  usage: { inputTokens: 1, outputTokens: 1 },
};
const LIMITS = { firstTokenMs: 60_000, betweenTokensMs: 10_000, totalMs: 100_000 };

/** A provider whose events come after so many milliseconds each; the last may never come. */
function slow(clock: FakeClock, steps: [number, ChatEvent?][]): Provider {
  return {
    id: "slow",
    baseUrl: "",
    listModels: () => Promise.resolve([]),
    async *chat(_request, signal) {
      for (const [ms, event] of steps) {
        await clock.sleep(ms, signal);
        if (event) yield event;
      }
    },
  };
}

const limited = (provider: Provider, clock: FakeClock): Provider =>
  attended(provider, { scheduler: createScheduler(clock, 1), timeouts: LIMITS, clock, onEnd() {} });

async function run(steps: [number, ChatEvent?][], forMs: number) {
  const clock = createFakeClock();
  const chat = collect(limited(slow(clock, steps), clock), chatRequest());
  const settled = chat.then(
    (events) => ({ events, error: undefined }),
    (error: unknown) => ({ events: [], error }),
  );
  await clock.advance(forMs);
  return settled;
}

const code = (error: unknown) => (error instanceof Error && "code" in error ? error.code : error);

test("a first token that does not come in time ends the chat, and the fault says which limit", async () => {
  const { error } = await run([[70_000, TEXT]], 62_000);

  assert.equal(code(error), "MODEL_TIMEOUT");
  assert.match(String(error), /no first token within 60 s/);
});

test("a first token may take longer than the tokens after it", async () => {
  const { events } = await run(
    [
      [50_000, TEXT],
      [1, DONE],
    ],
    60_000,
  );

  assert.equal(events.length, 2);
});

test("silence in mid-answer ends the chat", async () => {
  const { error } = await run(
    [
      [1, TEXT],
      [15_000, TEXT],
    ],
    20_000,
  );

  assert.match(String(error), /no next token within 10 s/);
});

test("an answer that never ends is ended, though its tokens come", async () => {
  const { error } = await run(
    Array.from({ length: 30 }, () => [5_000, TEXT]),
    150_000,
  );

  assert.match(String(error), /no end within 100 s/);
});

test("progress does not count as the first token", async () => {
  const waiting: ChatEvent = { type: "progress", text: "reading" };
  const { events } = await run(
    [
      [1, waiting],
      [40_000, TEXT],
      [1, DONE],
    ],
    60_000,
  );

  assert.equal(events.length, 3);
});

test("a server that keeps the connection open after done does not hold up the reader", async () => {
  const { events } = await run([[1, TEXT], [1, DONE], [90_000]], 3_000);

  assert.deepEqual(
    events.map(({ type }) => type),
    ["text", "done"],
  );
});

test("time that the reader takes is not the server's", async () => {
  const clock = createFakeClock();
  const chat = limited(
    slow(clock, [
      [1, TEXT],
      [1, TEXT],
      [1, DONE],
    ]),
    clock,
  );
  const events: ChatEvent[] = [];
  const reading = (async () => {
    for await (const event of chat.chat(chatRequest(), new AbortController().signal)) {
      events.push(event);
      await clock.sleep(20_000);
    }
  })();
  await clock.advance(90_000);
  await reading;

  assert.equal(events.length, 3);
});

test("an abort passes through with its own reason", async () => {
  const clock = createFakeClock();
  const stop = new AbortController();
  const chat = collect(limited(slow(clock, [[5_000, TEXT]]), clock), chatRequest(), stop.signal);
  const reason = new Error("stop was pressed");
  queueMicrotask(() => stop.abort(reason));

  await assert.rejects(chat, reason);
});

test("timeoutSeconds is the wait for the first token, and the total keeps up with it", () => {
  assert.deepEqual(toTimeouts(120), {
    firstTokenMs: 120_000,
    betweenTokensMs: 120_000,
    totalMs: 3_600_000,
  });
  assert.equal(toTimeouts(30).betweenTokensMs, 30_000);
  assert.equal(toTimeouts(7_200).totalMs, 14_400_000);
});
