import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";

import { createLoopbackEgress } from "../../../test/fakes/loopback-egress.ts";
import type { Script } from "../../../test/fakes/model-server.ts";
import { startOllama } from "../../../test/fakes/ollama.ts";
import { createOllamaKeeper } from "./ollama-keeper.ts";

const never = new AbortController().signal;
const WANTED = { model: "qwen3:8b", contextTokens: 16_384, params: {}, embeds: false };

async function open(t: TestContext, script: Script = {}) {
  const server = await startOllama(script);
  t.after(() => server.close());
  const keeper = createOllamaKeeper({
    id: "ollama",
    product: "ollama",
    baseUrl: server.url,
    egress: createLoopbackEgress(),
    loadTimeoutMs: 1_000,
    sleep: () => Promise.resolve(),
  });
  const bodies = () =>
    server.requests.map(({ method, path, body }) => [method, path, JSON.parse(body || "null")]);
  return { server, keeper, bodies };
}

const GENERATED = { "/api/generate": { done: true, done_reason: "load" } };

test("load() sends no prompt, and what a chat with this model would send: none loads it anew", async (t) => {
  const { keeper, bodies } = await open(t, { routes: GENERATED });
  const params = { keep_alive: "-1", num_gpu: 20, temperature: 0.5 };
  await keeper.load({ ...WANTED, params }, never);
  const [[method, path, body] = []] = bodies();
  assert.deepEqual([method, path], ["POST", "/api/generate"]);
  const { model, keep_alive, prompt, options } = body;
  assert.deepEqual([model, keep_alive, prompt], ["qwen3:8b", -1, undefined]);
  assert.deepEqual([options.num_ctx, options.num_gpu], [16_384, 20]);
});

test("a model that only embeds is loaded by embedding nothing: it refuses to generate", async (t) => {
  const { keeper, bodies } = await open(t, { routes: { "/api/embed": { embeddings: [] } } });
  await keeper.load({ ...WANTED, embeds: true }, never);
  assert.deepEqual(bodies()[0]?.[1], "/api/embed");
});

test("security: unload() frees memory by keep_alive 0, and asks for nothing that deletes", async (t) => {
  const { keeper, bodies } = await open(t, { routes: GENERATED });
  await keeper.unload("qwen3:8b", never);
  assert.deepEqual(bodies(), [
    ["POST", "/api/generate", { model: "qwen3:8b", keep_alive: 0, stream: false }],
  ]);
});

test("remove() alone asks for that, by the method that Ollama wants", async (t) => {
  const { keeper, bodies } = await open(t, { routes: { "/api/delete": "" } });
  await keeper.remove("qwen3:8b", never);
  assert.deepEqual(bodies(), [["DELETE", "/api/delete", { model: "qwen3:8b" }]]);
});

test("loaded() tells memory, the share on the card, the context and until when", async (t) => {
  const models = [
    {
      name: "half:8b",
      size: 8_000,
      size_vram: 2_000,
      context_length: 8192,
      expires_at: "2026-11-21T15:00:00Z",
    },
    { name: "kept:8b", size: 8_000, size_vram: 8_000, expires_at: "2318-03-03T12:00:00Z" },
  ];
  const { keeper } = await open(t, { routes: { "/api/ps": { models } } });
  const [half, kept] = (await keeper.loaded(never)) ?? [];
  assert.deepEqual(half, {
    model: "half:8b",
    state: "loaded",
    contextTokens: 8192,
    sizeBytes: 8_000,
    gpuBytes: 2_000,
    gpuShare: 0.25,
    until: Date.UTC(2026, 10, 21, 15),
  });
  assert.deepEqual([kept?.gpuShare, kept?.until], [1, null]);
});

test("a model that is not there is MODEL_MISSING, whatever is done with it", async (t) => {
  const { keeper } = await open(t); // the fake has no /api/generate: 404, as Ollama says it of models
  const missing = { code: /MODEL_(MISSING|GARBLED)/ };
  await assert.rejects(keeper.show("nosuch", never), { code: "MODEL_MISSING" });
  await assert.rejects(keeper.unload("nosuch", never), (error: { code: string }) =>
    missing.code.test(error.code),
  );
});

const lines = (...steps: object[]) => steps.map((step) => `${JSON.stringify(step)}\n`).join("");

test("pull() counts all files of a model together", async (t) => {
  const routes = {
    "/api/pull": lines(
      { status: "pulling manifest" },
      { status: "pulling a", digest: "sha256:a", total: 100 },
      { status: "pulling a", digest: "sha256:a", total: 100, completed: 60 },
      { status: "pulling b", digest: "sha256:b", total: 50, completed: 50 },
      { status: "success" },
    ),
  };
  const { keeper } = await open(t, { routes });
  const steps = await Array.fromAsync(keeper.pull({ name: "x", insecure: false }, never));
  assert.deepEqual(
    steps.map(({ text, doneBytes, totalBytes }) => [text, doneBytes, totalBytes]),
    [
      ["pulling manifest", undefined, undefined],
      ["downloading", 0, 100],
      ["downloading", 60, 100],
      ["downloading", 110, 150],
      ["success", 110, 150],
    ],
  );
});

test("a download that fails, and one that ends without success, are MODEL_PULL_FAILED", async (t) => {
  for (const text of [lines({ error: "pull model manifest:\nfile does not exist" }), lines({})]) {
    const { keeper } = await open(t, { routes: { "/api/pull": text } });
    const pulling = Array.fromAsync(keeper.pull({ name: "x", insecure: false }, never));
    await assert.rejects(pulling, { code: "MODEL_PULL_FAILED" });
  }
});

test("show() tells what a cache is made of, where the metadata does", async (t) => {
  const model_info = {
    "general.architecture": "qwen3",
    "general.parameter_count": 8_190_735_360,
    "qwen3.block_count": 36,
    "qwen3.attention.head_count": 32,
    "qwen3.attention.head_count_kv": 8,
    "qwen3.attention.key_length": 128,
    "qwen3.attention.value_length": 128,
    "qwen3.context_length": 40_960,
    "qwen3.embedding_length": 4096,
  };
  const details = { family: "qwen3", parameter_size: "8.2B", quantization_level: "Q4_K_M" };
  const license = "\nApache License\nVersion 2.0";
  const { keeper } = await open(t, { routes: { "/api/show": { details, license, model_info } } });
  assert.deepEqual(await keeper.show("qwen3:8b", never), {
    family: "qwen3",
    parameters: "8.2B",
    quantisation: "Q4_K_M",
    license: "Apache License",
    shape: {
      layers: 36,
      kvHeads: 8,
      keyLength: 128,
      valueLength: 128,
      contextTokens: 40_960,
      parameterCount: 8_190_735_360,
    },
  });
});
