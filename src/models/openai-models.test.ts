import assert from "node:assert/strict";
import { connect, createServer } from "node:net";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";

import { createLoopbackEgress } from "../../test/fakes/loopback-egress.ts";
import type { Script } from "../../test/fakes/model-server.ts";
import { startOpenAi } from "../../test/fakes/openai.ts";
import { systemClock } from "../base/clock.ts";
import { createEgress } from "../network/guard.ts";
import { openDoors } from "../process/doors.ts";
import { identify } from "./fingerprint.ts";
import { createModelServer } from "./model-server.ts";
import { listOpenAiModels } from "./openai-models.ts";
import type { ProductId } from "./presets.ts";
import { collect, chatRequest } from "./provider.conformance.ts";
import { createOpenAiCompletions } from "./openai-completions.ts";

const signal = () => new AbortController().signal;

async function list(t: TestContext, product: ProductId, routes: Script["routes"]) {
  const fake = await startOpenAi({ routes: routes ?? {} });
  t.after(() => fake.close());
  const server = createModelServer({ id: "s", baseUrl: fake.url, egress: createLoopbackEgress() });
  return { fake, models: await listOpenAiModels(server, "/v1", product, signal()) };
}

/** As llama-server answers without a model of its own (tools/server/README.md, "router mode"). */
const ROUTER = {
  "/v1/models": {
    object: "list",
    data: [
      {
        id: "qwen3-8b:Q4_K_M",
        object: "model",
        owned_by: "llamacpp",
        status: { value: "loaded", args: ["llama-server", "--ctx-size", "4096"] },
      },
      {
        id: "gemma-3-4b",
        object: "model",
        owned_by: "llamacpp",
        status: { value: "unloaded", args: ["llama-server", "-c", "16384"] },
      },
      { id: "big", object: "model", owned_by: "llamacpp", status: { value: "loading", args: [] } },
    ],
  },
  "/props": {
    default_generation_settings: { n_ctx: 4096 },
    modalities: { vision: true },
    chat_template_caps: { supports_tools: true },
  },
};

test("llama.cpp as a router lists each model with its state, and asks loaded ones alone for more", async (t) => {
  const { fake, models } = await list(t, "llamacpp", ROUTER);

  assert.deepEqual(models, [
    {
      id: "qwen3-8b:Q4_K_M",
      locality: "unknown",
      loaded: true,
      loadedContextTokens: 4096,
      tools: true,
      vision: true,
    },
    { id: "gemma-3-4b", locality: "unknown", loaded: false, contextTokens: 16_384 },
    { id: "big", locality: "unknown", loaded: false },
  ]);
  assert.equal(fake.requests.filter(({ path }) => path === "/props").length, 1);
});

test("a llama.cpp router that has no model yet is known for what it is", async (t) => {
  const fake = await startOpenAi({
    models: [],
    routes: { "/props": { role: "router", default_generation_settings: { n_ctx: 0 } } },
  });
  t.after(() => fake.close());
  const server = { id: "s", baseUrl: fake.url, egress: createLoopbackEgress() };

  assert.equal(await identify(server, "llamacpp", signal()), "llamacpp");
});

test("OpenAI's models are in the cloud, and those that do not chat are known by their names", async (t) => {
  const ids = ["gpt-5", "text-embedding-3-small", "whisper-1", "gpt-4o-mini-tts", "o3"];
  const { models } = await list(t, "openai", {
    "/v1/models": { data: ids.map((id) => ({ id, object: "model", owned_by: "system" })) },
  });

  assert.deepEqual([...new Set(models.map(({ locality }) => locality))], ["cloud"]);
  assert.deepEqual(
    models.filter(({ chat }) => chat !== false).map(({ id }) => id),
    ["gpt-5", "o3"],
  );
});

test("LM Studio says of each model whether it is loaded, sees, thinks and calls tools", async (t) => {
  const { models } = await list(t, "lmstudio", {
    "/api/v1/models": {
      models: [
        {
          type: "llm",
          key: "qwen/qwen3-vl-8b",
          size_bytes: 6_000_000_000,
          max_context_length: 262_144,
          loaded_instances: [{ id: "qwen/qwen3-vl-8b", config: { context_length: 16_384 } }],
          capabilities: {
            vision: true,
            trained_for_tool_use: true,
            reasoning: { allowed_options: ["off", "on"], default: "on" },
          },
        },
        {
          type: "embedding",
          key: "text-embedding-nomic",
          size_bytes: 80_000_000,
          max_context_length: 2048,
          loaded_instances: [],
        },
      ],
    },
  });

  assert.deepEqual(models, [
    {
      id: "qwen/qwen3-vl-8b",
      locality: "unknown",
      chat: true,
      loaded: true,
      contextTokens: 262_144,
      loadedContextTokens: 16_384,
      sizeBytes: 6_000_000_000,
      tools: true,
      vision: true,
      reasoning: true,
    },
    {
      id: "text-embedding-nomic",
      locality: "unknown",
      chat: false,
      loaded: false,
      contextTokens: 2048,
      sizeBytes: 80_000_000,
    },
  ]);
});

test("llama.cpp is reached over its Unix socket: listing, properties and chat", async (t) => {
  const fake = await startOpenAi({ routes: { "/props": ROUTER["/props"] } });
  const folder = mkdtempSync(join(tmpdir(), "isopod-socket-"));
  const path = join(folder, "llama.sock");
  // The fake listens on TCP; in front of it stands a socket, as `--host /path.sock` makes one.
  const front = createServer((socket) => {
    const back = connect(fake.port, "127.0.0.1");
    socket.pipe(back).pipe(socket);
    for (const end of [socket, back]) end.on("error", () => end.destroy());
  });
  await new Promise<void>((resolve) => front.listen(path, resolve));
  t.after(async () => {
    front.close();
    await fake.close();
    rmSync(folder, { recursive: true });
  });
  const egress = createEgress({
    doors: openDoors,
    policy: () => ({ mode: "device", hosts: [] }),
    ledger: { append: () => {} },
    clock: systemClock,
  });
  t.after(() => egress.close());
  for (const baseUrl of [`unix:${path}`, `unix:${path}:/v1`]) {
    const options = { id: "llama", baseUrl, egress, newCallId: () => "c" };
    const llama = createOpenAiCompletions({ ...options, product: "llamacpp" });
    const [model] = await llama.listModels(signal());
    assert.equal(model?.loadedContextTokens, 4096);
    assert.equal((await collect(llama, chatRequest())).at(-1)?.type, "done");
  }
});
