import assert from "node:assert/strict";
import { setTimeout as pause } from "node:timers/promises";
import { test } from "node:test";

import { createInterrupts, isInterruption } from "./interrupts.ts";

/** Each look is a second later than the one before: nothing here is an echo. */
let nowMs = 0;
const clock = { elapsedMs: () => (nowMs += 1_000) };
const DAY_MS = 86_400_000;
const wait = (signal: AbortSignal) => pause(DAY_MS, "slept", { signal, ref: false });

test("Ctrl-C ends the work within, and the command goes on", async () => {
  const interrupts = createInterrupts(clock);
  const work = interrupts.within(wait);
  interrupts.interrupt();
  assert.equal(await work, undefined);
  assert.equal(interrupts.signal.aborted, false);
  assert.equal(await interrupts.within(async () => "the next one"), "the next one");
});

test("a second Ctrl-C, one with no work within, and SIGTERM end the command", async () => {
  const twice = createInterrupts(clock);
  const stubborn = twice.within(() => wait(twice.signal));
  twice.interrupt();
  assert.equal(twice.signal.aborted, false);
  twice.interrupt();
  await assert.rejects(stubborn, /interrupted/);

  const alone = createInterrupts(clock);
  alone.interrupt();
  assert.equal(alone.signal.aborted, true);

  const ended = createInterrupts(clock);
  const work = ended.within(wait);
  ended.end();
  await assert.rejects(work, /interrupted/);
});

test("a third Ctrl-C is not heeded any more but told, so that the process can end at once", () => {
  const interrupts = createInterrupts(clock);
  assert.deepEqual([interrupts.interrupt(), interrupts.interrupt()], [true, false]);
});

test("a Ctrl-C that a launcher passes on beside the terminal's own counts once", async () => {
  let ms = 0;
  const interrupts = createInterrupts({ elapsedMs: () => ms });
  const work = interrupts.within(wait);
  assert.equal(interrupts.interrupt(), true);
  ms += 20;
  assert.equal(interrupts.interrupt(), true);
  assert.equal(await work, undefined);
  assert.equal(interrupts.signal.aborted, false);
  ms += 500;
  interrupts.interrupt();
  ms += 20;
  assert.equal(interrupts.interrupt(), true, "nor does it end the command the hard way");
  assert.equal(interrupts.signal.aborted, true);
});

test("what fails by itself is passed on, also after Ctrl-C", async () => {
  const interrupts = createInterrupts(clock);
  const work = interrupts.within(async (signal) => {
    await wait(signal).catch(() => {});
    throw new TypeError("a bug");
  });
  interrupts.interrupt();
  await assert.rejects(work, TypeError);
});

test("an interruption is the signal's reason or Node's AbortError, and only once the signal has aborted", () => {
  const { signal } = new AbortController();
  assert.equal(isInterruption(new DOMException("x", "AbortError"), signal), false);
  const aborted = AbortSignal.abort("because");
  assert.equal(isInterruption("because", aborted), true);
  assert.equal(isInterruption(new DOMException("x", "AbortError"), aborted), true);
  assert.equal(isInterruption(new Error("other"), aborted), false);
});
