import assert from "node:assert/strict";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { test, type TestContext } from "node:test";

import { createLoopbackEgress } from "../../../test/fakes/loopback-egress.ts";
import { createLmstudioKeeper } from "./lmstudio-keeper.ts";

const never = new AbortController().signal;
const wanted = (contextTokens: number) => ({
  model: "qwen/qwen3-4b",
  contextTokens,
  params: {},
  embeds: false,
});

/** LM Studio 0.4, as far as its documentation of `/api/v1` goes. */
async function open(t: TestContext) {
  const instances: { id: string; config: { context_length: number } }[] = [];
  const asked: [path: string, body: unknown][] = [];
  const statuses = ["downloading", "paused", "completed"];
  const entry = () => ({
    key: "qwen/qwen3-4b",
    size_bytes: 2_500,
    quantization: { name: "Q4_K_M" },
    params_string: "4B",
    loaded_instances: instances,
  });
  const answer = async (request: IncomingMessage, response: ServerResponse) => {
    let text = "";
    for await (const chunk of request) text += String(chunk);
    const body = JSON.parse(text || "{}") as Record<string, unknown>;
    const path = request.url ?? "";
    if (request.method === "POST") asked.push([path, body]);
    const job = { job_id: "job_1", downloaded_bytes: 10, total_size_bytes: 20 };
    if (path === "/api/v1/models/load") {
      const { context_length = 0 } = body["config"] as { context_length?: number };
      instances.push({ id: `i${instances.length}`, config: { context_length } });
    } else if (path === "/api/v1/models/unload") {
      const at = instances.findIndex(({ id }) => id === body["instance_id"]);
      instances.splice(at, 1);
    }
    if (path === "/api/v1/models") response.end(JSON.stringify({ models: [entry()] }));
    else
      response.end(
        JSON.stringify({ ...job, status: path.includes("download") ? statuses.shift() : "" }),
      );
  };
  const server = createServer((request, response) => void answer(request, response));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => (server.closeAllConnections(), server.close()));
  const { port } = server.address() as AddressInfo; // TCP, so never a string
  const keeper = createLmstudioKeeper({
    id: "lmstudio",
    product: "lmstudio",
    baseUrl: `http://127.0.0.1:${port}`,
    egress: createLoopbackEgress(),
    loadTimeoutMs: 1_000,
    sleep: () => Promise.resolve(),
  });
  return { keeper, asked, instances };
}

test("load() with the context that is loaded already does nothing: it would load a second one", async (t) => {
  const { keeper, asked } = await open(t);
  await keeper.load(wanted(8192), never);
  await keeper.load(wanted(8192), never);
  assert.equal(asked.length, 1);
});

test("load() with another context takes the place of the one that is loaded", async (t) => {
  const { keeper, instances } = await open(t);
  await keeper.load(wanted(8192), never);
  await keeper.load(wanted(16_384), never);
  assert.deepEqual(
    instances.map(({ config }) => config.context_length),
    [16_384],
  );
  const [loaded] = (await keeper.loaded(never)) ?? [];
  assert.deepEqual([loaded?.model, loaded?.contextTokens], ["qwen/qwen3-4b", 16_384]);
});

test("unload() ends every instance of the model, by the instance's own id", async (t) => {
  const { keeper, asked, instances } = await open(t);
  await keeper.load(wanted(8192), never);
  await keeper.unload("qwen/qwen3-4b", never);
  assert.deepEqual(asked.at(-1), ["/api/v1/models/unload", { instance_id: "i0" }]);
  assert.deepEqual(instances, []);
});

test("pull() asks how far it is until it is there, and says when it is paused", async (t) => {
  const { keeper } = await open(t);
  const steps = await Array.fromAsync(keeper.pull({ name: "x", insecure: false }, never));
  assert.deepEqual(
    steps.map(({ text }) => text),
    ["downloading", "paused in LM Studio"],
  );
  assert.deepEqual([steps[0]?.doneBytes, steps[0]?.totalBytes], [10, 20]);
});

test("remove() says that LM Studio has no such call, and what has", async (t) => {
  const { keeper } = await open(t);
  await assert.rejects(keeper.remove("qwen/qwen3-4b", never), {
    code: "MODEL_SERVER_CANNOT",
    fix: /lms/,
  });
});
