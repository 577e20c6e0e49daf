import assert from "node:assert/strict";
import { test } from "node:test";

import { strikeSecrets } from "./secrets.ts";

test("security: a key in the command line or environment of a local service is printed nowhere", () => {
  const localService = {
    args: ["-m", "a.gguf", "--api-key", "sk-one", "--api-key=sk-two", "--hf-token", "sk-three"],
    env: { HF_TOKEN: "sk-four", VLLM_API_KEY: "sk-five", PLAIN: "shown" },
  };
  const struck = JSON.stringify(strikeSecrets({ localService }));
  assert.doesNotMatch(struck, /sk-/);
  assert.match(struck, /a\.gguf/);
  assert.match(struck, /shown/);
});

test("settings that only sound like secrets are shown", () => {
  const value = { maxTokens: 5, maxTokensField: "max_tokens", contextTokens: 7 };
  assert.deepEqual(strikeSecrets(value), value);
});
