import assert from "node:assert/strict";
import { test } from "node:test";

import { chooseContext, type ContextInput } from "./context.ts";
import type { Model } from "./provider.ts";

const GIB = 1024 ** 3;

const choose = (model: Partial<Model>, rest: Partial<ContextInput> = {}) =>
  chooseContext({
    model: { id: "m", locality: "unknown", ...model },
    settings: undefined,
    settable: true,
    totalMemoryBytes: 16 * GIB,
    ...rest,
  }).contextTokens;

test("the server's limit beats what config wishes", () => {
  const settings = { contextWindow: 200_000 };

  assert.equal(choose({ contextTokens: 40_960 }, { settings }), 40_960);
  assert.equal(choose({ loadedContextTokens: 4096 }, { settings, settable: false }), 4096);
});

test("config beats what memory suggests, and num_ctx beats contextWindow", () => {
  assert.equal(choose({ contextTokens: 40_960 }, { settings: { contextWindow: 32_768 } }), 32_768);
  assert.equal(
    choose({}, { settings: { contextWindow: 32_768, params: { num_ctx: 16_384 } } }),
    16_384,
  );
});

test("a model that is loaded keeps its context, unless that is too small to work with", () => {
  assert.equal(choose({ contextTokens: 40_960, loadedContextTokens: 12_288 }), 12_288);
  assert.equal(choose({ contextTokens: 40_960, loadedContextTokens: 4_096 }), 8_192);
});

test("a Modelfile's num_ctx comes before memory", () => {
  assert.equal(choose({ preferredContextTokens: 24_000 }), 24_000);
});

test("where nobody speaks, memory decides, within what the model was made for", () => {
  assert.equal(choose({}, { totalMemoryBytes: 8 * GIB }), 8_192);
  assert.equal(choose({}, { totalMemoryBytes: 32 * GIB }), 16_384);
  assert.equal(choose({}, { totalMemoryBytes: 128 * GIB }), 32_768);
  assert.equal(choose({ contextTokens: 2048 }, { totalMemoryBytes: 128 * GIB }), 2048);
});

test("a server that fixes the context is believed, and one that says nothing gets the least", () => {
  assert.equal(choose({ loadedContextTokens: 131_072 }, { settable: false }), 131_072);
  assert.equal(choose({}, { settable: false }), 8_192);
});
