import assert from "node:assert/strict";
import { test } from "node:test";

import type { Clock } from "../../base/clock.ts";
import { FRAME_MS } from "../../base/pacer.ts";
import { readServerEvents } from "../../base/sse.ts";
import type { AppEvent } from "../../protocol/event.ts";
import { createHub } from "../hub.ts";
import { createEventStream, joinDeltas } from "./event-stream.ts";

const text = (text: string, turn = "turn_1"): AppEvent => ({
  type: "turn",
  session: "ses_1",
  turn,
  event: { type: "text", text },
});
const tick = () => new Promise((resolve) => setImmediate(resolve));

test("joinDeltas() joins text of one turn and nothing else", () => {
  const note: AppEvent = {
    type: "turn",
    session: "ses_1",
    turn: "turn_1",
    event: { type: "reasoning", text: "hm" },
  };
  const events = [text("a"), text("b"), note, text("c"), text("d", "turn_2"), text("e", "turn_2")];
  assert.deepEqual(joinDeltas(events.map((event, index) => ({ cursor: `${index}`, event }))), [
    { cursor: "1", event: text("ab") },
    { cursor: "2", event: note },
    { cursor: "3", event: text("c") },
    { cursor: "5", event: text("de", "turn_2") },
  ]);
});

test("a stream sends what was published, deltas of one moment as one", async () => {
  const { hub, stream, end } = open();
  const events = readServerEvents(stream);
  hub.publish("kim", text("a"));
  hub.publish("kim", text("b"));
  const { value } = await events.next();
  assert.deepEqual(JSON.parse(value?.data ?? ""), text("ab"));
  end.abort();
  assert.equal((await events.next()).done, true);
});

test("a cursor that was told stays a seam: no delta reaches over it", async () => {
  const { hub, stream, end } = open();
  const events = readServerEvents(stream);
  hub.publish("kim", text("a"));
  const told = hub.cursor("kim");
  hub.publish("kim", text("b"));
  hub.publish("kim", text("c"));
  const { value: before } = await events.next();
  const { value: after } = await events.next();
  assert.equal(before?.id, told);
  assert.deepEqual(JSON.parse(before?.data ?? ""), text("a"));
  assert.deepEqual(JSON.parse(after?.data ?? ""), text("bc"));
  end.abort();
});

test("a stream says that it is alive every 15 seconds", async () => {
  const { stream, clock, end } = open();
  const reader = stream.getReader();
  const next = async () => new TextDecoder().decode((await reader.read()).value);
  assert.equal(await next(), ":\n\n");
  await tick();
  clock.advance(15_000);
  assert.equal(await next(), ":\n\n");
  end.abort();
});

test("a reader that does not read costs one buffer, and is dropped after a minute", async () => {
  const { hub, stream, clock, ended } = open();
  const reader = stream.getReader();
  for (let count = 0; count < 200; count += 1) {
    clock.advance(FRAME_MS);
    hub.publish("kim", text("x".repeat(10_000), `turn_${count}`));
    await tick();
  }
  for (let count = 0; count < 5; count += 1) {
    clock.advance(15_000);
    await tick();
  }
  assert.equal(ended(), 1);
  let size = 0;
  for (;;) {
    const { value, done } = await reader.read();
    if (done) break;
    size += value.byteLength;
  }
  assert.ok(size < 128 * 1024, `${size} bytes were made for nobody`);
});

test("a reader that comes back to life in time gets everything, and is not dropped", async () => {
  const { hub, stream, clock, ended, end } = open();
  const events = readServerEvents(stream);
  const sent = "x".repeat(10_000);
  for (let count = 0; count < 20; count += 1) {
    clock.advance(FRAME_MS);
    hub.publish("kim", text(sent, `turn_${count}`));
    await tick();
  }
  clock.advance(15_000);
  for (let count = 0; count < 20; count += 1) {
    const { value } = await events.next();
    assert.deepEqual(JSON.parse(value?.data ?? ""), text(sent, `turn_${count}`));
  }
  await tick();
  for (let count = 0; count < 5; count += 1) {
    clock.advance(15_000);
    await tick();
  }
  assert.equal(ended(), 0);
  end.abort();
  assert.equal(ended(), 1);
});

test("a stream that is cancelled lets go of the hub", async () => {
  const { hub, stream, ended } = open();
  await stream.cancel();
  assert.equal(ended(), 1);
  hub.publish("kim", text("nobody hears"));
  await tick();
});

test("a stream of a caller who is gone already ends at once", async () => {
  const end = new AbortController();
  end.abort();
  const { stream, ended } = open(end);
  const reader = stream.getReader();
  await reader.read();
  assert.equal((await reader.read()).done, true);
  assert.equal(ended(), 1);
});

function open(end = new AbortController()) {
  const hub = createHub();
  const clock = createManualClock();
  let count = 0;
  const ended = () => void (count += 1);
  const options = { hub, clock, person: "kim", after: undefined, ended };
  return { hub, clock, end, ended: () => count, stream: createEventStream(options, end.signal) };
}

/** Time that stands still until a test moves it. */
function createManualClock(): Clock & { advance(ms: number): void } {
  let at = 0;
  let sleepers: { until: number; wake: () => void }[] = [];
  return {
    now: () => at,
    elapsedMs: () => at,
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        sleepers.push({ until: at + ms, wake: resolve });
        signal?.addEventListener("abort", () => reject(signal.reason), { once: true });
      }),
    advance(ms) {
      at += ms;
      const due = sleepers.filter(({ until }) => until <= at);
      sleepers = sleepers.filter(({ until }) => until > at);
      for (const { wake } of due) wake();
    },
  };
}
