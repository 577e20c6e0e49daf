import assert from "node:assert/strict";
import { test } from "node:test";

import { silentLog } from "../base/log.ts";
import type { LedgerLine } from "../protocol/api.ts";
import type { Mode } from "../protocol/event.ts";
import { createModeSwitch } from "./mode.ts";

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
  assert.deepEqual(stored, ["internet", "internet", "device"]);
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

function create(given: { offline?: boolean; read?: Mode; failing?: boolean } = {}) {
  const stored: Mode[] = [];
  const lines: Omit<LedgerLine, "at">[] = [];
  const modes = createModeSwitch({
    offline: given.offline ?? false,
    read: () => given.read,
    write(mode) {
      if (given.failing) throw new Error("the disk is full");
      stored.push(mode);
    },
    ledger: { append: (line) => void lines.push(line) },
    log: silentLog,
  });
  return { modes, stored, lines };
}
