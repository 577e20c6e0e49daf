import assert from "node:assert/strict";
import { test } from "node:test";

import { parseDuration } from "./duration.ts";

test("parseDuration() reads minutes, hours and days, also together", () => {
  assert.equal(parseDuration("30m"), 1_800);
  assert.equal(parseDuration("2h"), 7_200);
  assert.equal(parseDuration("1h30m"), 5_400);
  assert.equal(parseDuration("30d"), 2_592_000);
});

test("parseDuration() takes nothing that could be read in two ways, and nothing out of bounds", () => {
  for (const text of ["", "2", "h", "2 h", "2H", "-1h", "1.5h", "0m", "31d", "2h ago", "59s"]) {
    assert.equal(parseDuration(text), undefined, text);
  }
});
