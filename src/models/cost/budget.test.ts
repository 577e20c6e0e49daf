import assert from "node:assert/strict";
import { test } from "node:test";

import { overBudget } from "./budget.ts";

const settings = { currency: "EUR", budget: { perDay: 2, perMonth: 30 } };

test("a budget stops the cloud and what may be the cloud, and nothing that is local", () => {
  const spent = { day: 2, month: 2 };
  for (const locality of ["cloud", "unknown"] as const) {
    assert.equal(
      overBudget(locality, { spent, held: 0 }, settings)?.code,
      "COST_BUDGET_SPENT",
      locality,
    );
  }
  for (const locality of ["embedded", "device", "lan", "mesh"] as const) {
    assert.equal(overBudget(locality, { spent, held: 0 }, settings), undefined, locality);
  }
});

test("the fault names the setting, and tells nobody what all together spent", () => {
  const fault = overBudget("cloud", { spent: { day: 0.5, month: 31.249 }, held: 0 }, settings);
  assert.match(fault?.message ?? "", /the budget of this month is spent/);
  assert.doesNotMatch(`${fault?.message} ${fault?.fix}`, /31|30|EUR/);
  assert.match(fault?.fix ?? "", /cost\.budget\.perMonth/);
});

test("what is held for requests that run is no money that is left, and is told as such", () => {
  const spent = { day: 1.5, month: 1.5 };
  assert.equal(overBudget("cloud", { spent, held: 0.4 }, settings), undefined);
  const fault = overBudget("cloud", { spent, held: 0.5 }, settings);
  assert.match(fault?.message ?? "", /is held for requests that run now/);
});

test("money that is left, and a budget that is not set, stop nothing", () => {
  const left = { spent: { day: 1.99, month: 29 }, held: 0 };
  assert.equal(overBudget("cloud", left, settings), undefined);
  const much = { spent: { day: 1e6, month: 1e6 }, held: 0 };
  assert.equal(overBudget("cloud", much, { budget: {} }), undefined);
  const none = { spent: { day: 0, month: 0 }, held: 0 };
  assert.ok(overBudget("cloud", none, { budget: { perDay: 0 } }));
});
