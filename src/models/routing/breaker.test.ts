import assert from "node:assert/strict";
import { test } from "node:test";

import { afterFailure, CLOSED, isOpen, isServerFailure } from "./breaker.ts";

const failTimes = (times: number, nowMs: number) => {
  let breaker = CLOSED;
  for (let i = 0; i < times; i++) breaker = afterFailure(breaker, nowMs);
  return breaker;
};

test("a breaker opens at the third failure in a row, for half a minute", () => {
  assert.ok(!isOpen(failTimes(2, 1_000), 1_000));
  assert.ok(isOpen(failTimes(3, 1_000), 30_999));
  assert.ok(!isOpen(failTimes(3, 1_000), 31_000));
});

test("each further failure doubles the wait, to five minutes at most", () => {
  assert.equal(failTimes(4, 0).openUntilMs, 60_000);
  assert.equal(failTimes(50, 0).openUntilMs, 300_000);
});

test("only what the server does wrong counts", () => {
  assert.ok(isServerFailure("MODEL_UNREACHABLE"));
  for (const code of ["MODEL_MISSING", "MODEL_CONTEXT_EXCEEDED", "EGRESS_BLOCKED"]) {
    assert.ok(!isServerFailure(code), code);
  }
});
