import assert from "node:assert/strict";
import { test } from "node:test";

import { agentSettings } from "./settings.ts";

test("nothing has to be set", () => {
  const { defaults, entries } = agentSettings.schema.parse({});

  assert.deepEqual(entries, {});
  assert.deepEqual(defaults.model, { fallbacks: [] });
  assert.equal(defaults.approvalSeconds, 300);
});

test("the chain and the agents of the guides are read as they stand", () => {
  const { defaults, entries } = agentSettings.schema.parse({
    defaults: {
      model: { primary: "ollama/codellama:34b", fallbacks: ["ollama/llama3.3:latest"] },
    },
    entries: { worker: { model: { primary: "ollama/qwen3:32b" } } },
  });

  assert.equal(defaults.model.primary, "ollama/codellama:34b");
  assert.deepEqual(entries["worker"]?.model, { primary: "ollama/qwen3:32b", fallbacks: [] });
});

test("instructions that would crowd out everything else are refused", () => {
  const parsed = agentSettings.schema.safeParse({ defaults: { instructions: "x".repeat(2_401) } });

  assert.equal(parsed.success, false);
});
