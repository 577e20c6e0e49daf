/** The weights are those that the card describes, and do through the whole gateway what it says. */

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { bubblewrapMissing } from "../test/e2e/needs.ts";
import { createCases, spread } from "./evaluation/cases.ts";
import { evaluateCases } from "./evaluation/evaluate-cases.ts";
import { startGateway } from "./evaluation/gateway.ts";
import { readHeldOut } from "./evaluation/held-out.ts";
import { toFailures, toTable } from "./evaluation/report.ts";

const read = (name: string) => readFileSync(new URL(name, import.meta.url));
const sum = createHash("sha256").update(read("demo-q8_0.gguf")).digest("hex");

test("the weights are the ones that the card describes", () => {
  assert.equal(read("demo-q8_0.gguf.sha256").toString(), `${sum}  demo-q8_0.gguf\n`);
});

/**
 * These weights do not reach the goals, and the card says so: they are held to what they do in this sample, less two
 * prompts, so that a change of the engine, the agent or the tools is noticed. Any others are held to the goals.
 */
const SHORT_OF_GOALS = {
  sum: "70221874919498e657c1dfae374fd379fbf5ce46c8b91c0873b4b71da5c5a223",
  tasks: 43 - 2,
  unwanted: 3 + 1,
};

test(
  "100 held-out prompts through the whole gateway reach the goals, or what the card says of these weights",
  {
    skip: bubblewrapMissing,
  },
  async (t) => {
    const gateway = await startGateway();
    t.after(gateway.close);
    assert.equal(gateway.status.model?.demonstration, true);
    const cases = spread(createCases(1, readHeldOut()), 100);
    const result = await evaluateCases(gateway, cases, true);
    const told = `${toTable(result)}\n${toFailures(result.failures)}`;
    if (sum === SHORT_OF_GOALS.sum) {
      const { en, ko } = result.tasks;
      assert.ok(en.right + ko.right >= SHORT_OF_GOALS.tasks, told);
      assert.ok(result.unwanted <= SHORT_OF_GOALS.unwanted, told);
      return;
    }
    assert.ok(
      result.goals.every(({ reached }) => reached),
      told,
    );
  },
);
