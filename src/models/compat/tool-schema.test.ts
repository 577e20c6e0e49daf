import assert from "node:assert/strict";
import { test } from "node:test";

import { fitToolSchema } from "./tool-schema.ts";

const SCHEMA = {
  type: "object",
  properties: {
    pattern: { type: "string", pattern: "^a", maxLength: 5_000 },
    short: { type: "string", maxLength: 10, format: "date" },
  },
};

test("nothing is taken out where nothing has to go", () => {
  assert.equal(fitToolSchema(SCHEMA, {}), SCHEMA);
});

test("llama.cpp's profile takes out patterns and long limits, but no property of that name", () => {
  assert.deepEqual(fitToolSchema(SCHEMA, { toolSchemaProfile: "llamacpp" }), {
    type: "object",
    properties: {
      pattern: { type: "string" },
      short: { type: "string", maxLength: 10, format: "date" },
    },
  });
});

test("keywords that one server refuses are taken out wherever they stand", () => {
  const fitted = fitToolSchema(SCHEMA, { unsupportedToolSchemaKeywords: ["format", "pattern"] });
  assert.deepEqual(Object.keys(Object(fitted)["properties"]), ["pattern", "short"]);
  assert.doesNotMatch(JSON.stringify(fitted), /"format"|"\^a"/);
});
