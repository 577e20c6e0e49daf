import assert from "node:assert/strict";
import { test } from "node:test";

import type { LoadedModel } from "../../protocol/model-keeping.ts";
import { adviseOllama, type OllamaSeen } from "./ollama-settings.ts";

const GB = 1e9;

const loadedBy = (gpuShare: number): LoadedModel => ({
  ref: "ollama/qwen3:8b",
  provider: "ollama",
  locality: "device",
  state: "loaded",
  gpuShare,
});

const advise = (more: Partial<OllamaSeen>) =>
  adviseOllama({
    provider: "ollama",
    env: {},
    loaded: [loadedBy(1)],
    named: [],
    sendsKeepAlive: false,
    memoryBytes: 32 * GB,
    ...more,
  }).map(({ message, fix }) => `${message} | ${fix}`);

test("an Ollama with its own defaults and a model on the card is left alone", () => {
  assert.deepEqual(advise({}), []);
  assert.deepEqual(advise({ env: undefined }), []);
  const tuned = {
    OLLAMA_KEEP_ALIVE: "-1",
    OLLAMA_NUM_PARALLEL: "4",
    OLLAMA_MAX_LOADED_MODELS: "2",
  };
  assert.deepEqual(advise({ env: tuned }), []);
});

test("OLLAMA_KEEP_ALIVE under a minute loads anew at each message, unless config sends its own", () => {
  for (const value of ["0", "30s", "5", '"10s"', "500ms"]) {
    const [advice] = advise({ env: { OLLAMA_KEEP_ALIVE: value } });
    assert.match(advice ?? "", /KEEP_ALIVE=.*loads?.*\| Set OLLAMA_KEEP_ALIVE=30m/, value);
  }
  for (const value of ["5m", "1h30m", "-1", "-1m", "soon", ""]) {
    assert.deepEqual(advise({ env: { OLLAMA_KEEP_ALIVE: value } }), [], value);
  }
  assert.deepEqual(advise({ env: { OLLAMA_KEEP_ALIVE: "0" }, sendsKeepAlive: true }), []);
});

test("two models with work and room for one push each other out", () => {
  const named = [
    { ref: "ollama/qwen3:32b", sizeBytes: 20 * GB },
    { ref: "ollama/qwen3:8b", sizeBytes: 5 * GB },
  ];
  assert.match(
    advise({ named, env: { OLLAMA_MAX_LOADED_MODELS: "1" } })[0] ?? "",
    /push each other/,
  );
  assert.match(advise({ named, memoryBytes: 24 * GB })[0] ?? "", /25 GB in 24 GB/);
  assert.deepEqual(advise({ named }), []);
  assert.deepEqual(
    advise({ named: named.slice(0, 1), env: { OLLAMA_MAX_LOADED_MODELS: "1" } }),
    [],
  );
});

test("OLLAMA_NUM_PARALLEL matters where its caches do not fit onto the card", () => {
  const env = { OLLAMA_NUM_PARALLEL: "4" };
  assert.match(advise({ env, loaded: [loadedBy(0.6)] })[0] ?? "", /4 caches.*NUM_PARALLEL=1/);
  assert.deepEqual(advise({ env, loaded: [loadedBy(0)] }), []); // no card at all
});

test("a smaller cache without flash attention has no effect, 4 bits cost too much, 8 may let it fit", () => {
  const q8 = { OLLAMA_KV_CACHE_TYPE: "q8_0", OLLAMA_FLASH_ATTENTION: "false" };
  assert.match(advise({ env: q8 })[0] ?? "", /stays at 16 bits.*FLASH_ATTENTION=1/);
  assert.match(advise({ env: { OLLAMA_KV_CACHE_TYPE: "q4_0" } })[0] ?? "", /tool calls.*q8_0/);
  assert.match(advise({ loaded: [loadedBy(0.9)] })[0] ?? "", /half the cache/);
  assert.deepEqual(advise({ env: { OLLAMA_KV_CACHE_TYPE: "q8_0" }, loaded: [loadedBy(0.9)] }), []);
});
