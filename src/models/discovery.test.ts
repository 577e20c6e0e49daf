import assert from "node:assert/strict";
import { createServer } from "node:http";
import { createServer as createTcp, type AddressInfo } from "node:net";
import { test, type TestContext } from "node:test";

import { createLoopbackEgress } from "../../test/fakes/loopback-egress.ts";
import type { FakeServer } from "../../test/fakes/model-server.ts";
import { startOllama } from "../../test/fakes/ollama.ts";
import { startOpenAi } from "../../test/fakes/openai.ts";
import { systemClock } from "../base/clock.ts";
import { discover, type DiscoveryDeps, isSame, type Target, toTargets } from "./discovery.ts";
import type { ProductId } from "./presets.ts";

const OWN = 1000;

function look(targets: Target[], deps: Partial<DiscoveryDeps> = {}) {
  return discover(
    {
      egress: createLoopbackEgress(),
      clock: systemClock,
      listenerOf: () => Promise.resolve({ uid: OWN, program: "server" }),
      ownUid: OWN,
      env: {},
      mode: () => "private",
      targets,
      ...deps,
    },
    new AbortController().signal,
  );
}

const at = (server: { url: string }, likely: ProductId): Target => ({
  id: likely,
  likely,
  url: server.url,
  named: false,
});

function closing<S extends FakeServer>(t: TestContext, server: S): S {
  t.after(() => server.close());
  return server;
}

const owned = (owner: string) => ({ object: "list", data: [{ id: "m", owned_by: owner }] });

test("each product is known by what it says of itself, on whatever port", async (t) => {
  const says: [ProductId, Record<string, unknown>][] = [
    ["vllm", { "/v1/models": owned("vllm"), "/version": { version: "0.11.0" } }],
    ["sglang", { "/v1/models": owned("sglang"), "/get_model_info": { model_path: "/m" } }],
    [
      "llamacpp",
      { "/v1/models": owned("llamacpp"), "/props": { default_generation_settings: {} } },
    ],
    ["lmstudio", { "/api/v1/models": { models: [{ key: "a", loaded_instances: [] }] } }],
    ["lmstudio", { "/api/v0/models": { data: [{ id: "a", state: "loaded", type: "llm" }] } }],
    [
      "litellm",
      { "/v1/models": owned("openai"), "/health/liveliness": JSON.stringify("I'm alive!") },
    ],
    ["mlx", { "/v1/models": { data: [{ id: "m" }] }, "/health": { status: "ok" } }],
    ["custom", { "/v1/models": owned("someone") }],
    ["custom", { "/v1/models": owned("someone"), "/health": { status: "ok" } }],
    // A name alone proves nothing: the product's own address must answer as well.
    ["custom", { "/v1/models": owned("vllm") }],
    ["custom", { "/v1/models": owned("llamacpp") }],
  ];
  for (const [product, routes] of says) {
    const server = closing(t, await startOpenAi({ routes }));
    const { found } = await look([at(server, "vllm")]);

    assert.equal(found[0]?.product, product, JSON.stringify(routes));
  }
  const ollama = closing(t, await startOllama());
  for (const likely of ["ollama", "vllm"] as const) {
    assert.equal((await look([at(ollama, likely)])).found[0]?.product, "ollama");
  }
});

test("a product on another's port carries the port in its id", async (t) => {
  const server = closing(t, await startOllama());
  const { found } = await look([at(server, "vllm")]);

  assert.equal(found[0]?.id, `ollama-${server.port}`);
});

test("ports that are closed, answer a web page, or are no HTTP are passed over in silence", async (t) => {
  const page = createServer((_request, response) => {
    response.setHeader("content-type", "text/html");
    response.end("<html>My router</html>");
  });
  const mute = createTcp((socket) => socket.on("error", () => socket.destroy()));
  const open = [page, mute];
  for (const server of open)
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => {
    page.closeAllConnections();
    for (const server of open) server.close();
  });
  const closed = await startOllama();
  await closed.close();
  const urls = open.map((server) => `http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  const abort = new AbortController();

  const { found, notes } = await discover(
    {
      egress: createLoopbackEgress(),
      clock: systemClock,
      listenerOf: () => Promise.resolve(undefined),
      ownUid: OWN,
      env: {},
      mode: () => "private",
      targets: [...urls, closed.url].map((url) => ({
        id: "vllm",
        likely: "vllm",
        url,
        named: false,
      })),
    },
    abort.signal,
  );

  assert.deepEqual({ found, notes }, { found: [], notes: [] });
});

test("a host that a person named and that does not answer is a note", async () => {
  const closed = await startOllama();
  await closed.close();
  const { notes } = await look([{ id: "ollama", likely: "ollama", url: closed.url, named: true }]);

  assert.equal(notes[0]?.code, "OLLAMA_HOST_UNUSABLE");
});

test("security: a key goes to nobody but a program of ours or of the system", async (t) => {
  const server = closing(t, await startOpenAi({ routes: { "/v1/models": owned("vllm") } }));
  const env = { VLLM_API_KEY: "secret" };
  const keysSeen = async (listener: { uid: number; program?: string } | undefined) => {
    const egress = createLoopbackEgress();
    await look([at(server, "vllm")], { egress, env, listenerOf: () => Promise.resolve(listener) });
    return egress.sent.some(({ headers }) => JSON.stringify(headers).includes("secret"));
  };

  assert.ok(!(await keysSeen({ uid: 1001, program: "vllm" })));
  assert.ok(!(await keysSeen({ uid: OWN, program: "ssh" })));
  assert.ok(!(await keysSeen(undefined)));
  assert.ok(await keysSeen({ uid: OWN, program: "python3" }));
});

test("the default ports are those of the products, each once", () => {
  const ports = toTargets({}).map(({ url }) => Number(URL.parse(url)?.port));

  assert.deepEqual(ports, [11434, 1234, 8080, 9931, 8000, 30000, 4000]);
});

test("OLLAMA_HOST takes the place of Ollama's default port", () => {
  const targets = toTargets({ OLLAMA_HOST: "0.0.0.0:1111" });

  assert.deepEqual(
    targets.filter(({ likely }) => likely === "ollama").map(({ url, named }) => ({ url, named })),
    [{ url: "http://127.0.0.1:1111", named: true }],
  );
});

test("two spellings of one address are the same", () => {
  assert.ok(isSame("http://localhost:1234/v1/", "http://127.0.0.1:1234"));
  assert.ok(!isSame("http://localhost:1234", "http://localhost:1235"));
});
