import assert from "node:assert/strict";
import { test } from "node:test";

import { createPacer, FRAME_MS } from "./pacer.ts";

test("soon() acts once for many calls, and again only a frame later", (context) => {
  context.mock.timers.enable({ apis: ["setTimeout", "setImmediate"] });
  let at = 1000;
  const acts: number[] = [];
  const pacer = createPacer(
    () => acts.push(at),
    () => at,
  );
  const advance = (ms: number) => {
    at += ms;
    context.mock.timers.tick(ms);
  };
  pacer.soon();
  pacer.soon();
  advance(1);
  assert.deepEqual(acts, [1001]);
  pacer.soon();
  advance(FRAME_MS - 1);
  pacer.soon();
  assert.deepEqual(acts, [1001]);
  advance(1);
  assert.deepEqual(acts, [1001, 1001 + FRAME_MS]);
  advance(FRAME_MS * 10);
  assert.equal(acts.length, 2);
  pacer.soon();
  advance(0);
  assert.equal(acts.length, 3);
});
