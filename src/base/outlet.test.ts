import assert from "node:assert/strict";
import { test } from "node:test";

import { createOutlet } from "./outlet.ts";

const tick = () => new Promise((resolve) => setImmediate(resolve));
const text = "x".repeat(40 * 1024);

test("an outlet hands on what was sent, and ends after it", async () => {
  const outlet = createOutlet({ elapsedMs: () => 0 });
  outlet.send("häl");
  outlet.send("");
  outlet.send("lo");
  outlet.close();
  outlet.send("late");
  outlet.close();
  assert.equal(await new Response(outlet.stream).text(), "hällo");
});

test("an outlet says when the reader falls behind, for how long, and when there is room again", async () => {
  let at = 5;
  let rooms = 0;
  const outlet = createOutlet({ elapsedMs: () => at, onRoom: () => void (rooms += 1) });
  const reader = outlet.stream.getReader();
  outlet.send(text);
  assert.equal(outlet.hasRoom(), true);
  assert.equal(outlet.room(), undefined);
  outlet.send(text);
  assert.equal(outlet.hasRoom(), false);
  const room = outlet.room();
  at = 25;
  assert.equal(outlet.stalledMs(), 20);
  await tick();
  assert.equal(rooms, 0);
  await reader.read();
  await room;
  assert.equal(rooms, 1);
  assert.equal(outlet.stalledMs(), 0);
  assert.equal(outlet.hasRoom(), true);
});

test("a reader that goes away is told once, and whoever waits for room goes on", async () => {
  let gone = 0;
  const outlet = createOutlet({ elapsedMs: () => 0, onGone: () => void (gone += 1) });
  outlet.send(text);
  outlet.send(text);
  const room = outlet.room();
  await outlet.stream.cancel();
  await room;
  assert.equal(gone, 1);
  assert.equal(outlet.hasRoom(), false);
  outlet.send("nobody reads");
  outlet.close();
  assert.equal(gone, 1);
});
