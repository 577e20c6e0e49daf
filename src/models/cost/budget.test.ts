import assert from "node:assert/strict";
import { test } from "node:test";

import { overBudget } from "./budget.ts";

const settings = { currency: "EUR", budget: { perDay: 2, perMonth: 30 } };

test("a budget stops the cloud and what may be the cloud, and nothing that is local", () => {
  const spent = { day: 2, month: 2 };
  for (const locality of ["cloud", "unknown"] as const) {
    assert.equal(overBudget(locality, spent, settings)?.code, "COST_BUDGET_SPENT", locality);
  }
  for (const locality of ["embedded", "device", "lan", "mesh"] as const) {
    assert.equal(overBudget(locality, spent, settings), undefined, locality);
  }
});

test("the fault names what was spent, of how much, and the setting", () => {
  const fault = overBudget("cloud", { day: 0.5, month: 31.249 }, settings);
  assert.match(fault?.message ?? "", /31\.25 EUR/);
  assert.match(fault?.message ?? "", /30\.00 EUR/);
  assert.match(fault?.fix ?? "", /cost\.budget\.perMonth/);
});

test("money that is left, and a budget that is not set, stop nothing", () => {
  assert.equal(overBudget("cloud", { day: 1.99, month: 29 }, settings), undefined);
  assert.equal(
    overBudget("cloud", { day: 1e6, month: 1e6 }, { currency: "EUR", budget: {} }),
    undefined,
  );
  assert.ok(overBudget("cloud", { day: 0, month: 0 }, { currency: "EUR", budget: { perDay: 0 } }));
});
