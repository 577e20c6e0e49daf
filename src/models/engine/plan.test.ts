import assert from "node:assert/strict";
import { test } from "node:test";

import { planLoad } from "./plan.ts";

/** About an 8B model in Q4: 0.13 MB of cache for a token. */
const WEIGHTS = {
  name: "one",
  title: "one",
  weightBytes: 5e9,
  shape: { layers: 32, kvHeads: 8, keyLength: 128, valueLength: 128 },
  maxContextTokens: 131_072,
  basis: "file" as const,
};
const machine = (gb: number) => ({
  ramBytes: 64 * 1024 ** 3,
  usable: { gpuBytes: 0, ramBytes: gb * 1e9 },
});
const plan = (gb: number, wished?: number) => planLoad(WEIGHTS, { wished, machine: machine(gb) });

test("without a wish the context is what the machine bears, and shrinks until the model fits", () => {
  assert.deepEqual(plan(60), { contextTokens: 32_768 });
  const small = plan(7);
  assert.ok("contextTokens" in small && small.contextTokens > 1_024);
  assert.ok(small.contextTokens < 32_768);
});

test("a wish is held to, and one that does not fit is refused with what does", () => {
  assert.deepEqual(plan(60, 65_536), { contextTokens: 65_536 });
  const refused = plan(7, 65_536);
  assert.ok("refusal" in refused);
  assert.match(refused.refusal, /65536 tokens .* 7\.0 GB can be used; \d+ tokens fit/);
});

test("a model that fits with no context at all is refused with what it needs", () => {
  const refused = plan(4);
  assert.ok("refusal" in refused);
  assert.match(refused.refusal, /needs about 5\.9 GB and 4\.0 GB can be used/);
});
