import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";

import { createTestRouter, DEMO, ollama, signal, SMALL } from "../../test/fakes/router.ts";
import { createModelChecks, type ModelCheckDeps } from "./checks.ts";
import { modelsSetting } from "./settings.ts";

type Given = Parameters<typeof createTestRouter>[0] & { chain?: ModelCheckDeps["chain"] };

/** Runs all checks in their order; what each found, by its code. */
async function examine(t: TestContext, given: Given = {}): Promise<Record<string, string>> {
  const { router } = createTestRouter({ demonstration: DEMO, ...given });
  t.after(() => router.close());
  const checks = createModelChecks({
    models: router,
    settings: modelsSetting.schema.parse(given.models ?? {}),
    chain: given.chain ?? { fallbacks: [] },
  });
  const found: Record<string, string> = {};
  for (const check of checks) {
    const result = await check.run(signal());
    found[check.code] = result.state === "ok" ? "ok" : `${result.state} ${result.fault.code}`;
  }
  return found;
}

const at = (url: string, more: object = {}) => ({
  providers: { ollama: { api: "ollama", baseUrl: url, ...more } },
});

test("all is well with a local model that has tools and context", async (t) => {
  const { target } = await ollama(t, [SMALL]);
  const found = await examine(t, { targets: [target] });

  assert.deepEqual(new Set(Object.values(found)), new Set(["ok"]));
});

test("the demonstration alone is a warning that says how to get a real model", async (t) => {
  assert.equal((await examine(t))["models.reachable"], "warning MODEL_ONLY_DEMONSTRATION");
});

test("a server that config names and that does not answer is found", async (t) => {
  const { server } = await ollama(t, [SMALL]);
  await server.close();
  const found = await examine(t, { models: at(server.url) });

  assert.equal(found["models.reachable"], "failed MODEL_UNREACHABLE");
});

test("a configured model that is not there is found, as primary and as fallback", async (t) => {
  const { server } = await ollama(t, [SMALL]);
  const models = at(server.url);
  const primary = await examine(t, { models, chain: { primary: "ollama/none", fallbacks: [] } });
  const fallback = await examine(t, {
    models,
    chain: { primary: "ollama/qwen3:8b", fallbacks: ["ollama/none"] },
  });

  assert.equal(primary["models.present"], "failed MODEL_MISSING");
  assert.equal(fallback["models.present"], "warning MODEL_MISSING");
});

test("a model without tools, and one with too little context, are found", async (t) => {
  const { target } = await ollama(t, [
    { name: "old", capabilities: ["completion"], contextTokens: 2048 },
  ]);
  const found = await examine(t, { targets: [target] });

  assert.equal(found["models.tools"], "warning MODEL_WITHOUT_TOOLS");
  assert.equal(found["models.context"], "warning MODEL_CONTEXT_TIGHT");
});

test("a context that is configured larger than the server's is found", async (t) => {
  const { server } = await ollama(t, [{ ...SMALL, contextTokens: 40_960 }]);
  const models = at(server.url, { models: { "qwen3:8b": { contextWindow: 200_000 } } });

  assert.equal((await examine(t, { models }))["models.context"], "warning MODEL_CONTEXT_SMALLER");
});

test("an Ollama by its /v1 address is found", async (t) => {
  const { server } = await ollama(t, [SMALL]);
  const models = {
    providers: { mine: { api: "openai-completions", baseUrl: `${server.url}/v1` } },
  };

  assert.equal((await examine(t, { models }))["models.native"], "warning MODEL_V1_REWRITTEN");
});

test("a model of the cloud behind a local address is found, though mode internet allows it", async (t) => {
  const { server } = await ollama(t, [{ name: "gpt-oss:120b-cloud" }]);
  const found = await examine(t, {
    models: at(server.url),
    mode: "internet",
    chain: { primary: "ollama/gpt-oss:120b-cloud", fallbacks: [] },
  });

  assert.equal(found["models.cloud"], "warning MODEL_IN_CLOUD");
});
