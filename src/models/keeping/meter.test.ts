import assert from "node:assert/strict";
import { test } from "node:test";

import { createMeter } from "./meter.ts";

function meterAt() {
  const clock = { ms: 0, elapsedMs: () => clock.ms };
  return { clock, meter: createMeter(clock) };
}

test("the rate is that of the last ten seconds, and what is left follows from it", () => {
  const { clock, meter } = meterAt();
  meter.read({ doneBytes: 0, totalBytes: 1000 });
  clock.ms = 2_000;
  assert.deepEqual(meter.read({ doneBytes: 200, totalBytes: 1000 }), {
    bytesPerSecond: 100,
    secondsLeft: 8,
  });
  clock.ms = 12_500;
  assert.equal(meter.read({ doneBytes: 200, totalBytes: 1000 }).bytesPerSecond, undefined);
  clock.ms = 14_500;
  assert.equal(meter.read({ doneBytes: 300, totalBytes: 1000 }).bytesPerSecond, 50);
});

test("what was there when it began does not count: a resumed download does not seem to fly", () => {
  const { clock, meter } = meterAt();
  meter.read({ doneBytes: 900, totalBytes: 1000 });
  clock.ms = 1_000;
  assert.equal(meter.read({ doneBytes: 910, totalBytes: 1000 }).bytesPerSecond, 10);
});

test("a download that stands still has a rate of 0 and no time left", () => {
  const { clock, meter } = meterAt();
  meter.read({ doneBytes: 10, totalBytes: 1000 });
  clock.ms = 3_000;
  assert.deepEqual(meter.read({ doneBytes: 10, totalBytes: 1000 }), { bytesPerSecond: 0 });
});
