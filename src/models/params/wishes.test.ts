import assert from "node:assert/strict";
import { test } from "node:test";

import { modelsSetting } from "../settings.ts";
import { wishesFor } from "./wishes.ts";

const { params: all, providers } = modelsSetting.schema.parse({
  params: { temperature: 0.1, top_p: 0.5, seed: 1 },
  providers: {
    a: {
      params: { temperature: 0.2, top_p: 0.6 },
      maxTokens: 100,
      contextWindow: 4096,
      models: {
        own: { params: { temperature: 0.3 }, maxTokens: 50, contextWindow: 8192 },
        limited: { params: { num_predict: 70 } },
        endless: { params: { num_predict: -1 } },
      },
    },
  },
});
const wishes = (model: string) => wishesFor(providers["a"]?.models[model], providers["a"], all);

test("a model's own parameters win over its provider's, and those over everybody's", () => {
  assert.deepEqual(wishes("own").params, { temperature: 0.3, top_p: 0.6, seed: 1 });
  assert.deepEqual(wishes("unlisted").params, { temperature: 0.2, top_p: 0.6, seed: 1 });
  assert.deepEqual(wishesFor(undefined, undefined, all).params, all);
});

test("limits of the provider hold for models that have none of their own, listed or not", () => {
  assert.deepEqual([wishes("own").maxTokens, wishes("own").contextWindow], [50, 8192]);
  assert.deepEqual([wishes("unlisted").maxTokens, wishes("unlisted").contextWindow], [100, 4096]);
});

test("num_predict is the limit on the answer in every dialect, and -1 is none", () => {
  assert.equal(wishes("limited").maxTokens, 70);
  assert.equal(wishes("endless").maxTokens, 100);
});
