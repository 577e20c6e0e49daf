import assert from "node:assert/strict";
import { test } from "node:test";

import { silentLog } from "../base/log.ts";
import type { LedgerLine } from "../protocol/api.ts";
import type { Mode } from "../protocol/event.ts";
import { createFakeClock } from "../../test/fakes/clock.ts";
import { keptMode } from "./mode-term.ts";
import { createModeSwitch, parseMode } from "./mode.ts";

const HOUR_MS = 3_600_000;

test("the mode is private until somebody sets another", () => {
  assert.equal(create().modes.mode, "private");
});

test("set() keeps the mode, tells who listens, and writes it to the ledger", async () => {
  const { modes, stored, lines } = create();
  const heard: Mode[] = [];
  const stop = modes.onChange((mode) => heard.push(mode));
  await modes.set("internet");
  await modes.set("internet");
  stop();
  await modes.set("device");
  assert.deepEqual(heard, ["internet"]);
  assert.deepEqual(
    stored.map((text) => keptMode(parseMode(text))),
    ["internet", "internet", "device"],
  );
  assert.deepEqual(
    lines.map(({ kind, host }) => `${kind} ${host}`),
    ["mode internet", "mode device"],
  );
});

test("a wider mode holds only once it is stored, a narrower one at once", async () => {
  const { modes } = create({ failing: true });
  await assert.rejects(modes.set("internet"), /disk/);
  assert.equal(modes.mode, "private");
  await assert.rejects(modes.set("device"), /disk/);
  assert.equal(modes.mode, "device");
});

test("a listener that fails keeps nobody from hearing of the change", async () => {
  const { modes } = create();
  let heard = false;
  modes.onChange(() => {
    throw new Error("broken");
  });
  modes.onChange(() => (heard = true));
  await modes.set("device");
  assert.ok(heard);
});

test("security: offline caps the mode at private, also one that was stored before", async () => {
  const { modes, stored } = create({ offline: true, read: "internet" });
  assert.equal(modes.mode, "private");
  assert.equal(modes.cap, "private");
  await assert.rejects(modes.set("internet"), { code: "MODE_CAPPED" });
  assert.equal(modes.mode, "private");
  assert.deepEqual(stored, []);
  await modes.set("device");
  assert.equal(modes.mode, "device");
});

test("a mode for two hours ends by itself: who listens hears it, the ledger says why, and it is not revived", async () => {
  const { modes, clock, lines, stored, again } = create();
  const heard: Mode[] = [];
  modes.onChange((mode) => heard.push(mode));
  await modes.set("internet", { by: "kim", term: { forMs: 2 * HOUR_MS } });
  assert.equal(modes.mode, "internet");
  assert.equal(modes.state.term?.until, clock.now() + 2 * HOUR_MS);
  await clock.advance(2 * HOUR_MS - 1);
  assert.deepEqual(heard, ["internet"]);
  await clock.advance(1);
  assert.deepEqual(heard, ["internet", "private"], "without anybody asking");
  assert.equal(modes.mode, "private");
  assert.deepEqual(
    lines.map(({ host, why }) => [host, why]),
    [
      ["internet", undefined],
      ["private", "the time it was set for is over"],
    ],
  );
  assert.equal(parseMode(stored.at(-1)).term, undefined);
  assert.equal(again().mode, "private");
});

test("a mode for a while holds over a restart, one until the restart does not", async () => {
  const timed = create();
  await timed.modes.set("device", { term: { forMs: HOUR_MS } });
  await timed.clock.advance(HOUR_MS / 2);
  const later = timed.again();
  assert.equal(later.mode, "device");
  await timed.clock.advance(HOUR_MS / 2);
  assert.equal(later.mode, "private");
  const once = create();
  await once.modes.set("internet", { term: "restart" });
  assert.equal(once.modes.mode, "internet");
  assert.equal(once.again().mode, "private");
});

test("what ends, ends in what a person has kept, not in what held for a while before", async () => {
  const { modes, clock } = create();
  await modes.set("internet", { term: { forMs: 2 * HOUR_MS } });
  await modes.set("device", { term: { forMs: HOUR_MS } });
  await clock.advance(HOUR_MS);
  assert.equal(modes.mode, "private");
  await modes.set("internet", { term: "restart" });
  await modes.set("device");
  assert.equal(modes.state.term, undefined, "for good ends what is for a while");
  assert.equal(modes.mode, "device");
});

test("security: a widening ends although the clock was put back, while the gateway runs and over a restart", async () => {
  const { modes, clock, again } = create();
  await modes.set("internet", { term: { forMs: HOUR_MS } });
  clock.turn(-10 * HOUR_MS);
  await clock.advance(HOUR_MS);
  assert.equal(modes.mode, "private");
  const other = create();
  await other.modes.set("internet", { term: { forMs: HOUR_MS } });
  other.clock.turn(-10 * HOUR_MS);
  assert.equal(other.again().mode, "private");
  // The control: with a clock that is right the same restart keeps it.
  const control = create();
  await control.modes.set("internet", { term: { forMs: HOUR_MS } });
  assert.equal(control.again().mode, "internet");
  assert.equal(again().mode, "private");
});

test("security: of two that set the mode at the same time the narrower one is not undone by the slower write", async () => {
  const { modes, hold } = create();
  const release = hold();
  const wide = modes.set("internet");
  const narrow = modes.set("device");
  release();
  await Promise.all([wide, narrow]);
  assert.equal(modes.mode, "device");
});

test("security: what stands in the store and cannot be read leaves the default, never more", () => {
  for (const text of ["", "everything", "{", '{"kept":{"mode":"all"}}', '"internet"', "null"]) {
    assert.equal(create({ read: text }).modes.mode, "private", text);
  }
  assert.equal(create({ read: "internet" }).modes.mode, "internet", "the bare word of before");
});

function create(given: { offline?: boolean; read?: string; failing?: boolean } = {}) {
  const stored: string[] = [];
  const lines: Omit<LedgerLine, "at">[] = [];
  const clock = createFakeClock();
  let held: Promise<void> | undefined;
  const open = () =>
    createModeSwitch({
      offline: given.offline ?? false,
      read: () => stored.at(-1) ?? given.read,
      async write(text) {
        await held;
        if (given.failing) throw new Error("the disk is full");
        stored.push(text);
      },
      ledger: { append: (line) => void lines.push(line) },
      clock,
      log: silentLog,
    });
  /** Writes wait until the function that it returns is called. */
  const hold = () => {
    const { promise, resolve } = Promise.withResolvers<void>();
    held = promise;
    return resolve;
  };
  return { modes: open(), again: open, stored, lines, clock, hold };
}
