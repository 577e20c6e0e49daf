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
 * Of a sample of 100. The goals of evaluation/goals.ts are not reached by these weights, and the card says so: they
 * are held to what they do, less two prompts, so that a change of the engine, the agent or the tools is noticed.
 */
const REACHED = { tasks: 43 - 2, unwanted: 3 + 1 };

test(
  "100 held-out prompts through the whole gateway come out as often as the card says",
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
    const { en, ko } = result.tasks;
    assert.ok(en.right + ko.right >= REACHED.tasks, told);
    assert.ok(result.unwanted <= REACHED.unwanted, told);
  },
);
