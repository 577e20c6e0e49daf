import assert from "node:assert/strict";
import { test } from "node:test";

import { createScriptedModel } from "../../test/fakes/scripted-model.ts";
import { createMeter, planWindow, textLimitBytes } from "./context-window.ts";

const window = (traits: object) => planWindow(createScriptedModel([], traits).candidate);

test("an unmeasured model is counted on the safe side: three bytes a token", () => {
  assert.equal(createMeter().tokens("a/b", 3_000), 1_000);
});

test("the ratio is learnt per model from what servers report, with a margin", () => {
  const meter = createMeter();
  meter.learn("a/b", 40_000, 10_000);

  assert.equal(meter.tokens("a/b", 4_000), 1_050);
  assert.equal(meter.tokens("a/c", 4_000), 1_334);
});

test("one odd report moves the ratio and does not turn it", () => {
  const meter = createMeter();
  for (let i = 0; i < 5; i++) meter.learn("a/b", 40_000, 10_000);
  meter.learn("a/b", 10_000, 10_000);

  assert.equal(meter.tokens("a/b", 3_000), 1_050);
});

test("a report of fresh tokens only, or of next to nothing, is not believed", () => {
  const meter = createMeter();
  meter.learn("a/b", 40_000, 12);
  meter.learn("a/b", 40_000, 0);
  meter.learn("a/b", 40, 40);

  assert.equal(meter.tokens("a/b", 3_000), 1_000);
});

test("a quarter of the window is kept for the answer, or what the model may say at most", () => {
  assert.deepEqual(window({ contextTokens: 8_192 }), {
    contextTokens: 8_192,
    reserveTokens: 2_048,
    inputTokens: 6_144,
  });
  assert.equal(window({ contextTokens: 8_192, maxTokens: 500 }).reserveTokens, 500);
  assert.equal(window({ contextTokens: 1_000_000 }).reserveTokens, 8_192);
});

test("two of the longest texts and the head fit the window beside an answer", () => {
  for (const contextTokens of [4_096, 8_192, 32_768, 262_144]) {
    const plan = window({ contextTokens });
    const headBytes = 2_200 * 3;
    const texts = 2 * textLimitBytes(plan, headBytes);
    assert.ok((headBytes + texts) / 3 <= plan.inputTokens, `${contextTokens}`);
  }
});
