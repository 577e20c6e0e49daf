import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";

import { startLlamacppRouter } from "../../../test/fakes/llamacpp-router.ts";
import { createLoopbackEgress } from "../../../test/fakes/loopback-egress.ts";
import { startOpenAi } from "../../../test/fakes/openai.ts";
import { createLlamacppKeeper } from "./llamacpp-keeper.ts";

const never = new AbortController().signal;
const wanted = (model: string) => ({ model, contextTokens: 4096, params: {}, embeds: false });

const keeperAt = (baseUrl: string) =>
  createLlamacppKeeper({
    id: "llamacpp",
    product: "llamacpp",
    baseUrl,
    egress: createLoopbackEgress(),
    loadTimeoutMs: 10_000,
    sleep: () => Promise.resolve(), // its polls go as fast as they can
  });

async function router(t: TestContext, names: string[], options?: { broken?: string[] }) {
  const server = await startLlamacppRouter(names, options);
  t.after(() => server.close());
  return { server, keeper: keeperAt(server.url) };
}

test("router: load() resolves once the model's process is up, and asks once", async (t) => {
  const { server, keeper } = await router(t, ["a", "b"]);
  await keeper.load(wanted("a"), never);
  assert.equal(server.models.get("a")?.value, "loaded");
  await keeper.load(wanted("a"), never);
  const loads = server.asked.filter((line) => line.startsWith("POST"));
  assert.deepEqual(loads, ["POST /models/load a"]);
});

test("router: a process that dies while it loads is a refusal, not an endless wait", async (t) => {
  const { keeper } = await router(t, ["a"], { broken: ["a"] });
  await assert.rejects(keeper.load(wanted("a"), never), { code: "MODEL_REFUSED" });
});

test("router: loaded() asks the loaded ones alone for their slots: to ask another would load it", async (t) => {
  const { server, keeper } = await router(t, ["a", "b"]);
  await keeper.load(wanted("a"), never);
  assert.deepEqual(await keeper.loaded(never), [
    { model: "a", state: "loaded", contextTokens: 4096, slots: { total: 2, busy: 1 } },
  ]);
  assert.deepEqual(
    server.asked.filter((line) => line.includes("/slots")),
    ["GET /slots a"],
  );
});

test("router: unload() keeps the file, remove() deletes it", async (t) => {
  const { server, keeper } = await router(t, ["a"]);
  await keeper.load(wanted("a"), never);
  await keeper.unload("a", never);
  assert.equal(server.models.get("a")?.value, "unloaded");
  assert.ok(!server.asked.some((line) => line.startsWith("DELETE")));
  await keeper.remove("a", never);
  assert.equal(server.models.has("a"), false);
});

test("router: pull() tells how far it is and ends when the model is there", async (t) => {
  const { keeper } = await router(t, []);
  assert.equal(await keeper.canPull(never), true);
  const steps = await Array.fromAsync(keeper.pull({ name: "hf/new", insecure: false }, never));
  assert.deepEqual(steps, [{ text: "downloading", doneBytes: 1, totalBytes: 2 }]);
});

test("router: whoever stops looking stops the download", async (t) => {
  const { server, keeper } = await router(t, []);
  for await (const _ of keeper.pull({ name: "hf/new", insecure: false }, never)) break;
  assert.equal(server.asked.at(-1), "POST /models/unload hf/new");
});

test("a model that the router does not have is MODEL_MISSING with the nearest name", async (t) => {
  const { keeper } = await router(t, ["qwen3-8b"]);
  await assert.rejects(keeper.load(wanted("qwen3-8"), never), {
    code: "MODEL_MISSING",
    fix: /qwen3-8b/,
  });
});

test("started with one model it says what it has, and what to do for another", async (t) => {
  const server = await startOpenAi({
    routes: {
      "/models": { data: [{ id: "one" }] },
      "/props": { model_path: "/m/one.gguf" },
      "/slots": [{ n_ctx: 2048, is_processing: false }],
    },
  });
  t.after(() => server.close());
  const keeper = keeperAt(server.url);
  assert.deepEqual(await keeper.loaded(never), [
    { model: "one", state: "loaded", contextTokens: 2048, slots: { total: 1, busy: 0 } },
  ]);
  assert.equal(await keeper.canPull(never), false);
  const cannot = { code: "MODEL_SERVER_CANNOT", fix: /models-dir/ };
  await assert.rejects(keeper.load(wanted("two"), never), cannot);
  await keeper.load(wanted("one"), never); // since it was started
  await assert.rejects(keeper.unload("one", never), cannot);
  await assert.rejects(Array.fromAsync(keeper.pull({ name: "x", insecure: false }, never)), cannot);
});
