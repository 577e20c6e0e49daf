import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";
import { setImmediate } from "node:timers/promises";

import type { FakeModel } from "../../../test/fakes/model-server.ts";
import { startOpenAi } from "../../../test/fakes/openai.ts";
import { startOllama } from "../../../test/fakes/ollama.ts";
import { createTestRouter, ollama, signal, SMALL } from "../../../test/fakes/router.ts";
import type { Mode } from "../../protocol/event.ts";
import type { KeepingEvent } from "../../protocol/model-keeping.ts";
import { chatRequest } from "../provider.conformance.ts";

const GENERATED = { "/api/generate": { done: true, done_reason: "load" } };
const lines = (...steps: object[]) => steps.map((step) => `${JSON.stringify(step)}\n`).join("");
const PULLED = {
  "/api/pull": lines(
    { status: "pulling", digest: "sha256:a", total: 10, completed: 5 },
    { status: "verifying" },
    { status: "success" },
  ),
};

async function open(
  t: TestContext,
  { routes = {}, mode = "private" as Mode, models = [SMALL] as FakeModel[] },
) {
  const { server, target } = await ollama(t, models, { routes });
  const { router, state } = createTestRouter({ targets: [target], mode });
  t.after(() => router.close());
  const paths = () => server.requests.map(({ method, path }) => `${method} ${path}`);
  return { keeping: router.keeping, server, state, paths };
}

test("load() uses the context that the agent budgets, and ends with what was really loaded", async (t) => {
  const models = [{ ...SMALL, loadedContextTokens: 8192 }];
  const { keeping, server } = await open(t, { routes: GENERATED, models });
  const [candidate] = await Array.fromAsync(keeping.load("ollama/qwen3:8b", signal()));
  assert.match(candidate?.type === "progress" ? candidate.text : "", /loading with 8192 tokens/);
  const body = server.requests.find(({ path }) => path === "/api/generate")?.body ?? "";
  assert.equal(JSON.parse(body).options.num_ctx, 8192);
  const events = await Array.fromAsync(keeping.load("qwen3:8b", signal()));
  const last = events.at(-1);
  assert.ok(last?.type === "done");
  assert.deepEqual([last.ref, last.loaded?.contextTokens], ["ollama/qwen3:8b", 8192]);
});

test("load() takes its place in the line before the server, tells it, and gives it back", async (t) => {
  const server = await startOllama({
    models: [SMALL],
    otherwise: [{ hang: true }],
    routes: GENERATED,
  });
  t.after(() => server.close());
  const ollama = { api: "ollama", baseUrl: server.url, maxConcurrent: 1 };
  const { router } = createTestRouter({ models: { providers: { ollama } } });
  t.after(() => router.close());
  const [candidate] = await router.route({ picked: "ollama/qwen3:8b" }, signal());
  const stop = new AbortController();
  const chat = candidate?.provider.chat(chatRequest({ model: "qwen3:8b" }), stop.signal);
  const chatting = Array.fromAsync(chat ?? []).catch(() => undefined);
  await setImmediate();
  assert.equal(router.queues()[0]?.running, 1);

  const told: KeepingEvent[] = [];
  for await (const event of router.keeping.load("ollama/qwen3:8b", signal())) {
    if (told.push(event) > 1) continue;
    const paths = server.requests.map(({ path }) => path);
    assert.ok(!paths.includes("/api/generate"), "nothing was sent while it waited");
    stop.abort();
  }
  await chatting;
  const [first] = told;
  assert.match(first?.type === "progress" ? first.text : "", /waiting for "ollama": place 1 of 1/);
  assert.equal(told.at(-1)?.type, "done");
  assert.equal(router.queues()[0]?.running, 0);
});

test("a model that was loaded with less than was asked for is told", async (t) => {
  const asked = { ...SMALL, parameters: "num_ctx 16384", loadedContextTokens: 4096 };
  const { keeping } = await open(t, { routes: GENERATED, models: [asked] });
  const last = (await Array.fromAsync(keeping.load("qwen3:8b", signal()))).at(-1);
  assert.ok(last?.type === "done");
  assert.equal(last.loaded?.warning?.code, "MODEL_CONTEXT_UNMET");
});

test("a load that its server refuses throws the server's word", async (t) => {
  const { keeping } = await open(t, {});
  await assert.rejects(Array.fromAsync(keeping.load("ollama/nosuch", signal())), {
    code: "MODEL_MISSING",
  });
});

test("loaded() gathers all servers, and warns of what runs on the processor", async (t) => {
  const entry = { name: "qwen3:8b", size: 8_000, size_vram: 0, context_length: 8192 };
  const { keeping } = await open(t, { routes: { "/api/ps": { models: [entry] } } });
  const { models, faults } = await keeping.loaded(signal());
  assert.deepEqual(faults, []);
  assert.deepEqual(
    models.map(({ ref, locality, gpuShare, warning }) => [ref, locality, gpuShare, warning?.code]),
    [["ollama/qwen3:8b", "device", 0, "MODEL_ON_CPU"]],
  );
});

test("security: but in mode internet no server is asked to download, not even whether it could", async (t) => {
  for (const mode of ["device", "private"] as const) {
    const { keeping, paths } = await open(t, { routes: PULLED, mode });
    const pulling = Array.fromAsync(keeping.pull({ name: "x", insecure: false }, signal()));
    await assert.rejects(pulling, { code: "MODEL_PULL_OFFLINE", fix: /mode set internet/ });
    assert.deepEqual(paths(), []);
  }
});

test("in mode internet the one server that can downloads, and it is said what came", async (t) => {
  const { keeping } = await open(t, { routes: PULLED, mode: "internet" });
  const events = await Array.fromAsync(
    keeping.pull({ name: "ollama/qwen3:8b", insecure: false }, signal()),
  );
  assert.deepEqual(
    events.map((event) => (event.type === "progress" ? event.text : event.type)),
    ["downloading", "verifying", "success", "done"],
  );
  const last = events.at(-1);
  assert.equal(last?.type === "done" && last.ref, "ollama/qwen3:8b");
});

test("security: a download ends when a person narrows the mode meanwhile", async (t) => {
  const { keeping, state } = await open(t, { routes: PULLED, mode: "internet" });
  const events = keeping.pull({ name: "x", insecure: false }, signal());
  await assert.rejects(
    async () => {
      for await (const _ of events) state.mode = "private";
    },
    { code: "MODEL_PULL_OFFLINE" },
  );
});

test("security: a download that its server cannot stop is told as one that goes on, not as one that ended", async (t) => {
  const job = { job_id: "job_1", status: "downloading" };
  const lmstudio = await startOpenAi({
    routes: {
      "/api/v1/models": { models: [{ key: "qwen3", loaded_instances: [] }] },
      "/api/v1/models/download": job,
      "/api/v1/models/download/status/job_1": job,
    },
  });
  t.after(() => lmstudio.close());
  const providers = { lmstudio: { api: "openai-completions", baseUrl: `${lmstudio.url}/v1` } };
  const { router, state, clock } = createTestRouter({ models: { providers }, mode: "internet" });
  t.after(() => router.close());
  const wanted = { name: "qwen3", server: "lmstudio", insecure: false };
  const pulling = async () => {
    for await (const { type } of router.keeping.pull(wanted, signal())) {
      assert.equal(type, "progress");
      state.mode = "private";
      void clock.advance(1_000); // it is asked how far it is
    }
  };
  await assert.rejects(pulling(), { code: "MODEL_PULL_GOES_ON", fix: /window of "lmstudio"/ });
});

test("without a server that can, and with one that is not there, a download says so", async () => {
  const { router } = createTestRouter({ mode: "internet" });
  const pull = (server?: string) =>
    Array.fromAsync(router.keeping.pull({ name: "x", server, insecure: false }, signal()));
  await assert.rejects(pull(), { code: "MODEL_PULL_WHERE", fix: /ollama serve/ });
  await assert.rejects(pull("nobody"), { code: "MODEL_PROVIDER_UNKNOWN" });
});

test("security: where it could not be fetched again, nothing is deleted without `force`", async (t) => {
  const { keeping, paths } = await open(t, { routes: { "/api/delete": "" } });
  const remove = (force: boolean) => keeping.remove({ ref: "qwen3:8b", force }, signal());
  await assert.rejects(remove(false), { code: "MODEL_REMOVE_OFFLINE", fix: /models unload/ });
  assert.ok(!paths().includes("DELETE /api/delete"));
  assert.deepEqual(await remove(true), { ref: "ollama/qwen3:8b", sizeBytes: SMALL.sizeBytes });
  assert.ok(paths().includes("DELETE /api/delete"));
});

test("a model whose server cannot read it is still shown, with the reason", async (t) => {
  const { keeping } = await open(t, { routes: { "/api/show": "<html>" } });
  const details = await keeping.show("qwen3:8b", signal());
  assert.equal(details.sizeBytes, SMALL.sizeBytes);
  assert.equal(details.fault?.code, "MODEL_GARBLED");
});
