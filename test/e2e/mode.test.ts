/** The mode for a while, with real processes: what a restart keeps and what it ends. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { createMachine, type Machine } from "./machine.ts";

const show = async (machine: Machine) => (await machine.json(0, ["mode", "show", "--json"]))[0];
const set = async (machine: Machine, ...words: string[]) =>
  (await machine.json(0, ["mode", "set", ...words, "--json"]))[0];

test("a mode for two hours outlives the process that set it, kill -9 included, and says who and until when", async (t) => {
  const machine = createMachine(t);
  const gateway = await machine.gateway();
  const before = Date.now();
  await set(machine, "internet", "--for", "2h");
  await gateway.murder();
  const shown = await show(machine);
  assert.deepEqual(
    [shown?.["mode"], shown?.["kept"], shown?.["setBy"]],
    ["internet", "private", "owner"],
  );
  const leftMs = Number(shown?.["until"]) - before;
  assert.ok(leftMs > 7_190_000 && leftMs < 7_300_000, `${leftMs} ms are left`);
});

test("until restart: it holds while the gateway runs, and then what was set for good does", async (t) => {
  const machine = createMachine(t);
  await set(machine, "device");
  const refused = await machine.isopod(["mode", "set", "internet", "--until", "restart"]);
  assert.equal(refused.code, 3);
  assert.match(refused.stderr, /GATEWAY_NOT_RUNNING/);
  const gateway = await machine.gateway();
  const held = await set(machine, "internet", "--until", "restart");
  assert.deepEqual([held?.["mode"], held?.["until"]], ["internet", "restart"]);
  assert.equal((await gateway.client.get("/api/status")).json["modeUntil"], "restart");
  await gateway.stop();
  const shown = await show(machine);
  assert.deepEqual([shown?.["mode"], shown?.["until"]], ["device", null]);
});

test("security: offline caps a mode for a while as well, and one that was set before is masked, not forgotten", async (t) => {
  const machine = createMachine(t);
  await set(machine, "internet", "--for", "1h");
  machine.config({ offline: true });
  const masked = await show(machine);
  assert.equal(masked?.["mode"], "private");
  assert.match(JSON.stringify(masked?.["limits"]), /internet was set, and does not hold/);
  const refused = await machine.isopod(["mode", "set", "internet", "--for", "1h"]);
  assert.equal(refused.code, 1);
  assert.match(refused.stderr, /MODE_CAPPED/);
  machine.config({});
  assert.equal((await show(machine))?.["mode"], "internet");
});
