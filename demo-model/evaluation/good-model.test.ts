/** The rules let a capable model through, and nobody else: the measure is measured. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { bubblewrapMissing } from "../../test/e2e/needs.ts";
import { createCases, spread } from "./cases.ts";
import { evaluateCases } from "./evaluate-cases.ts";
import { startGateway } from "./gateway.ts";
import { GOOD_MODEL, startGoodModel } from "./good-model.ts";
import { readHeldOut } from "./held-out.ts";

test(
  "a model that does as it is told reaches every goal through the whole gateway, with no case wrong",
  {
    skip: bubblewrapMissing,
  },
  async (t) => {
    const model = await startGoodModel();
    t.after(model.close);
    const gateway = await startGateway({
      server: "llama-server",
      url: model.url,
      model: GOOD_MODEL,
    });
    t.after(gateway.close);
    const cases = spread(createCases(2, readHeldOut()), 60);
    let next = 0;
    const told = {
      ...gateway,
      ask(prompt: string) {
        const item = cases[next++];
        assert.equal(item?.prompt, prompt);
        model.expect(item);
        return gateway.ask(prompt);
      },
    };
    const { failures, goals, unwanted, wordsAlone } = await evaluateCases(told, cases, false);
    assert.deepEqual(failures, []);
    assert.equal(goals.length, 7);
    assert.ok(goals.every(({ reached }) => reached));
    const outOfScope = cases.filter(({ group }) => group === "out of scope").length;
    assert.deepEqual([unwanted, wordsAlone], [0, outOfScope]);
  },
);
