import assert from "node:assert/strict";
import { test } from "node:test";

import type { AppEvent, TurnEvent } from "../protocol/event.ts";
import { createHub } from "./hub.ts";

const turn = (event: TurnEvent, session = "ses_1"): AppEvent => ({
  type: "turn",
  session,
  turn: "turn_1",
  event,
});
const text = (text: string) => turn({ type: "text", text });
const quiet = () => {};

test("watch() hears one person's events only, until it is stopped", () => {
  const hub = createHub();
  const heard: AppEvent[] = [];
  const stop = hub.watch("kim", (event) => heard.push(event));
  hub.publish("kim", text("a"));
  hub.publish("lee", text("b"));
  stop();
  hub.publish("kim", text("c"));
  assert.deepEqual(heard, [text("a")]);
});

test("follow() without a cursor begins now", () => {
  const hub = createHub();
  hub.publish("kim", text("before"));
  const follower = hub.follow("kim", undefined, quiet);
  hub.publish("kim", text("after"));
  assert.deepEqual(
    follower.take().map(({ event }) => event),
    [text("after")],
  );
});

test("follow() goes on right after its cursor, and each event carries the next one", () => {
  const hub = createHub();
  const start = hub.cursor("kim");
  for (const word of ["a", "b", "c"]) hub.publish("kim", text(word));
  const [first] = hub.follow("kim", start, quiet).take();
  assert.deepEqual(first?.event, text("a"));
  const rest = hub.follow("kim", first?.cursor, quiet).take();
  assert.deepEqual(
    rest.map(({ event }) => event),
    [text("b"), text("c")],
  );
  assert.equal(rest.at(-1)?.cursor, hub.cursor("kim"));
});

test("a cursor of another run, of the future, or of no form gets `resync`, then goes on", () => {
  const other = createHub().cursor("kim");
  const hub = createHub();
  const future = hub.cursor("kim").replace(/\d+$/, "99");
  for (const cursor of [
    other,
    future,
    "",
    "x",
    "__proto__:1",
    `${hub.cursor("kim")}0000000000000000`,
  ]) {
    const follower = hub.follow("kim", cursor, quiet);
    assert.deepEqual(
      follower.take().map(({ event }) => event),
      [{ type: "resync" }],
      cursor,
    );
    hub.publish("kim", text("next"));
    assert.deepEqual(
      follower.take().map(({ event }) => event),
      [text("next")],
      cursor,
    );
  }
});

test("what falls out of the ring, by count or by size, is answered with `resync`", () => {
  for (const limits of [
    { events: 3, sizeBytes: 1e9 },
    { events: 1e9, sizeBytes: 1000 },
  ]) {
    const hub = createHub(limits);
    const slow = hub.follow("kim", undefined, quiet);
    for (let count = 0; count < 20; count += 1) hub.publish("kim", text(`word ${count}`));
    const [only, ...more] = slow.take();
    assert.deepEqual(only?.event, { type: "resync" });
    assert.deepEqual(more, []);
    assert.equal(only?.cursor, hub.cursor("kim"));
  }
});

test("one event larger than the whole ring is not kept, and nobody waits for it", () => {
  const hub = createHub({ events: 10, sizeBytes: 1000 });
  const follower = hub.follow("kim", undefined, quiet);
  hub.publish("kim", text("x".repeat(10_000)));
  assert.deepEqual(
    follower.take().map(({ event }) => event),
    [{ type: "resync" }],
  );
});

test("the ring keeps its order over many times its own length", () => {
  const hub = createHub({ events: 100, sizeBytes: 1e9 });
  const follower = hub.follow("kim", undefined, quiet);
  let next = 0;
  for (let count = 0; count < 10_000; count += 1) {
    hub.publish("kim", text(String(count)));
    if (count % 50 !== 0) continue;
    for (const { event } of follower.take()) assert.deepEqual(event, text(String(next++)));
  }
  assert.equal(next, 9_951);
});

test("publishToAll() reaches everyone who was seen", () => {
  const hub = createHub();
  const heard: string[] = [];
  hub.watch("kim", () => heard.push("kim"));
  hub.watch("lee", () => heard.push("lee"));
  hub.publishToAll({ type: "resync" });
  assert.deepEqual(heard, ["kim", "lee"]);
});

test("changedSince() sees messages of the session, not deltas and not other sessions", () => {
  const hub = createHub();
  const start = hub.cursor("kim");
  const message = { id: "msg_1", turn: "turn_1", at: 1, role: "user", text: "hi" } as const;
  hub.publish("kim", text("delta"));
  hub.publish("kim", { type: "message", session: "ses_2", turn: "turn_1", message });
  assert.equal(hub.changedSince("kim", start, "ses_1"), false);
  hub.publish("kim", { type: "message", session: "ses_1", turn: "turn_1", message });
  assert.equal(hub.changedSince("kim", start, "ses_1"), true);
});
