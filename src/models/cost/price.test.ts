import assert from "node:assert/strict";
import { test } from "node:test";

import { costOf, isPriced } from "./price.ts";

const price = { input: 3, output: 15, cacheRead: 0.3, cacheWrite: 3.75 };

test("each kind of token has its price, per million", () => {
  const usage = {
    inputTokens: 1_000_000,
    outputTokens: 100_000,
    cachedTokens: 500_000,
    cacheWriteTokens: 200_000,
  };
  assert.equal(costOf(usage, price), 0.3 * 3 + 0.5 * 0.3 + 0.2 * 3.75 + 0.1 * 15);
});

test("cached tokens cost what others do where no price of theirs is named", () => {
  const usage = { inputTokens: 1_000_000, outputTokens: 0, cachedTokens: 900_000 };
  assert.equal(costOf(usage, { input: 2 }), 2);
});

test("a server that reports more cached tokens than there were costs no less than nothing", () => {
  assert.equal(costOf({ inputTokens: 10, outputTokens: 0, cachedTokens: 99 }, { input: 1 }), 1e-5);
});

test("without a price it costs nothing, and a price of zero is none", () => {
  assert.equal(costOf({ inputTokens: 10, outputTokens: 10 }, undefined), 0);
  assert.equal(isPriced({ input: 0, output: 0 }), false);
  assert.equal(isPriced({ output: 1 }), true);
});
