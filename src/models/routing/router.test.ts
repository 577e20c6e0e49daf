import assert from "node:assert/strict";
import { test } from "node:test";

import { startOpenAi } from "../../../test/fakes/openai.ts";
import { startOllama } from "../../../test/fakes/ollama.ts";
import {
  createTestRouter,
  DEMO,
  ollama,
  OTHER,
  refs,
  signal,
  SMALL,
} from "../../../test/fakes/router.ts";
import { chatRequest, collect } from "../provider.conformance.ts";

test("with nothing configured, a server on this machine is found and its best model chosen", async (t) => {
  const { target } = await ollama(t, [OTHER, SMALL]);
  const { router } = createTestRouter({ targets: [target], demonstration: DEMO });
  const [candidate] = await router.route({}, signal());

  assert.equal(candidate?.ref, "ollama/qwen3:8b");
  assert.equal(candidate?.locality, "device");
  assert.equal(candidate?.contextTokens, 16_384);
  assert.match(candidate?.why ?? "", /runs on this machine and was chosen because/);
});

test("a model that config gives no tools comes after one that has them, and is not said to have them", async (t) => {
  const models = [
    { name: "large:30b", sizeBytes: 2e9 },
    { name: "small:8b", sizeBytes: 1e9 },
  ];
  const server = await startOllama({ models });
  t.after(() => server.close());
  const dull = { "large:30b": { compat: { supportsTools: false } }, "small:8b": {} };
  const provider = { api: "ollama", baseUrl: server.url };
  const { router } = createTestRouter({
    models: { providers: { ollama: { ...provider, models: dull } } },
  });
  const [first] = await router.route({}, signal());
  assert.equal(first?.ref, "ollama/small:8b");
  assert.match(first?.why ?? "", /can call tools/);
  const plain = createTestRouter({ models: { providers: { ollama: provider } } });
  assert.deepEqual(await refs(plain.router), ["ollama/large:30b"], "control: the larger one");
});

test("a configured model comes before others that are there, unless it only chats and one of them does more", async (t) => {
  const listed = await startOllama({ models: [{ name: "listed:8b", sizeBytes: 1e9 }] });
  t.after(() => listed.close());
  const { target } = await ollama(t, [{ name: "found:14b", sizeBytes: 2e9 }]);
  const routerWith = (compat: object) =>
    createTestRouter({
      models: {
        providers: {
          mine: { api: "ollama", baseUrl: listed.url, models: { "listed:8b": { compat } } },
        },
      },
      targets: [target],
    }).router;
  assert.deepEqual(await refs(routerWith({})), ["mine/listed:8b"]);
  assert.deepEqual(await refs(routerWith({ supportsTools: false })), ["ollama/found:14b"]);
});

test("a model's own headers go with its requests, before the provider's, and with no other's", async (t) => {
  const server = await startOpenAi({ models: [{ name: "big" }, { name: "small" }] });
  t.after(() => server.close());
  const a = {
    api: "openai-completions",
    locality: "device",
    baseUrl: `${server.url}/v1`,
    headers: { "x-team": "garden", "x-route": "any" },
    models: { big: { headers: { "x-route": "large" } }, small: {} },
  };
  const { router } = createTestRouter({ models: { providers: { a } } });
  const headersOf = async (model: string) => {
    const [candidate] = await router.route({ picked: `a/${model}` }, signal());
    assert.ok(candidate);
    await collect(candidate.provider, chatRequest({ model }));
    const { headers } = server.requests.at(-1) ?? {};
    return [headers?.["x-team"], headers?.["x-route"]];
  };
  assert.deepEqual(await headersOf("big"), ["garden", "large"]);
  assert.deepEqual(await headersOf("small"), ["garden", "any"]);
});

test("with no server the demonstration answers, and says why", async () => {
  const { router } = createTestRouter({ demonstration: DEMO });
  const [candidate] = await router.route({}, signal());

  assert.equal(candidate?.ref, "embedded/demo");
  assert.ok(candidate?.demonstration);
  assert.equal(candidate?.locality, "embedded");
  assert.match(candidate?.why ?? "", /no model server answers on this machine/);
});

test("with nothing at all there is MODEL_NONE", async () => {
  await assert.rejects(createTestRouter().router.route({}, signal()), {
    code: "MODEL_NONE",
  });
});

test("a server that appears while the demonstration answers is taken at the next turn", async (t) => {
  const made = createTestRouter({ demonstration: DEMO });
  assert.deepEqual(await refs(made.router), ["embedded/demo"]);
  const { target } = await ollama(t, [SMALL]);
  made.state.targets = [target];
  await made.clock.advance(5_000);

  assert.deepEqual(await refs(made.router), ["ollama/qwen3:8b"]);
});

test("a chosen server that goes away is told at each turn, not papered over", async (t) => {
  const { target, server } = await ollama(t, [SMALL]);
  const { router } = createTestRouter({ targets: [target], demonstration: DEMO });
  const [candidate] = await router.route({}, signal());
  assert.ok(candidate);
  await server.close();

  await assert.rejects(collect(candidate.provider, chatRequest()), { code: "MODEL_UNREACHABLE" });
  await assert.rejects(router.route({}, signal()), { code: "MODEL_UNREACHABLE" });
});

test("the configured chain is the route, in its order", async (t) => {
  const { server } = await ollama(t, [SMALL, OTHER]);
  const { router } = createTestRouter({
    models: { providers: { ollama: { api: "ollama", baseUrl: server.url } } },
    chain: { primary: "ollama/llama3:8b", fallbacks: ["ollama/qwen3:8b", "ollama/llama3:8b"] },
    demonstration: DEMO,
  });

  assert.deepEqual(await refs(router), ["ollama/llama3:8b", "ollama/qwen3:8b"]);
});

test("a configured model that is not there is a fault: neither demonstration nor another answers", async (t) => {
  const { server } = await ollama(t, [SMALL]);
  const models = { providers: { ollama: { api: "ollama", baseUrl: server.url } } };
  const { router } = createTestRouter({
    models,
    chain: { primary: "ollama/qwen3:8c", fallbacks: [] },
    demonstration: DEMO,
  });

  await assert.rejects(router.route({}, signal()), {
    code: "MODEL_MISSING",
    fix: /qwen3:8b/,
  });
});

test("a fallback that answers instead of the primary says so and why", async (t) => {
  const { server } = await ollama(t, [SMALL]);
  const gone = await startOllama();
  await gone.close();
  const { router } = createTestRouter({
    models: {
      providers: {
        big: { api: "ollama", baseUrl: gone.url },
        ollama: { api: "ollama", baseUrl: server.url },
      },
    },
    chain: { primary: "big/qwen3:72b", fallbacks: ["ollama/qwen3:8b"] },
  });
  const [candidate] = await router.route({}, signal());

  assert.equal(candidate?.ref, "ollama/qwen3:8b");
  assert.equal(candidate?.insteadOf?.ref, "big/qwen3:72b");
  assert.equal(candidate?.insteadOf?.code, "MODEL_UNREACHABLE");
});

test("a server that has failed three times is asked last, and first again once it has done well", async (t) => {
  const first = await ollama(t, [SMALL], {
    otherwise: [{ status: 500, body: '{"error":"no memory"}' }],
  });
  const second = await ollama(t, [OTHER]);
  const { router, clock } = createTestRouter({
    models: {
      providers: {
        a: { api: "ollama", baseUrl: first.server.url },
        b: { api: "ollama", baseUrl: second.server.url },
      },
    },
    chain: { primary: "a/qwen3:8b", fallbacks: ["b/llama3:8b"] },
  });
  const ask = async () => {
    const a = (await router.route({}, signal())).find(({ ref }) => ref.startsWith("a/"));
    assert.ok(a);
    return collect(a.provider, chatRequest());
  };
  for (let i = 0; i < 3; i++) await assert.rejects(ask(), { code: "MODEL_REFUSED" });

  const [stand] = await router.route({}, signal());
  assert.equal(stand?.ref, "b/llama3:8b");
  assert.equal(stand?.insteadOf?.ref, "a/qwen3:8b");
  first.server.play({ models: [SMALL] });
  await clock.advance(31_000);
  await ask();
  assert.deepEqual(await refs(router), ["a/qwen3:8b", "b/llama3:8b"]);
});

test("a picked model is strict: nobody answers in its place", async (t) => {
  const { server } = await ollama(t, [SMALL, OTHER]);
  const { router } = createTestRouter({
    models: { providers: { ollama: { api: "ollama", baseUrl: server.url } } },
    chain: { primary: "ollama/qwen3:8b", fallbacks: ["ollama/llama3:8b"] },
    demonstration: DEMO,
  });

  assert.deepEqual(await refs(router, "ollama/llama3:8b"), ["ollama/llama3:8b"]);
  await server.close();
  await assert.rejects(router.route({ picked: "ollama/missing" }, signal()), {
    code: /MODEL_(UNREACHABLE|MISSING)/,
  });
});

test("a server of no known kind has to be declared, and the fix says how", async (t) => {
  const server = await startOpenAi({ models: [{ name: "my-model" }] });
  t.after(() => server.close());
  const provider = { api: "openai-completions", baseUrl: `${server.url}/v1` };
  const { router } = createTestRouter({ models: { providers: { mine: provider } } });
  await assert.rejects(router.route({ picked: "mine/my-model" }, signal()), {
    code: "MODEL_NOT_ALLOWED",
    fix: /models\.providers\.mine\.locality/,
  });
  const declared = createTestRouter({
    models: { providers: { mine: { ...provider, locality: "device" } } },
  });

  assert.deepEqual(await refs(declared.router, "mine/my-model"), ["mine/my-model"]);
});

test("a bare model id gets the provider that has it, also with slashes of its own", async (t) => {
  const { target } = await ollama(t, [SMALL, { name: "hf.co/org/model:q4" }]);
  const { router } = createTestRouter({ targets: [target] });

  assert.deepEqual(await refs(router, "qwen3:8b"), ["ollama/qwen3:8b"]);
  assert.deepEqual(await refs(router, "hf.co/org/model:q4"), ["ollama/hf.co/org/model:q4"]);
  await assert.rejects(router.route({ picked: "nobody:1b" }, signal()), {
    code: "MODEL_PROVIDER_UNKNOWN",
  });
});

test("a name without a tag means the latest", async (t) => {
  const { target } = await ollama(t, [{ name: "qwen3:latest" }]);

  assert.deepEqual(await refs(createTestRouter({ targets: [target] }).router, "ollama/qwen3"), [
    "ollama/qwen3:latest",
  ]);
});

test("a product that is named and does not run is unreachable: to start it is what helps", async () => {
  const { router } = createTestRouter({ chain: { primary: "lmstudio/qwen3", fallbacks: [] } });
  const error = await router.route({}, signal()).catch((error: unknown) => error);

  assert.match(String(error), /Cannot reach "lmstudio" at http:\/\/127\.0\.0\.1:1234/);
});

test("a model that was pulled a moment ago is found", async (t) => {
  const { target, server } = await ollama(t, [SMALL]);
  const { router } = createTestRouter({ targets: [target] });
  await refs(router);
  server.play({ models: [SMALL, OTHER] });

  assert.deepEqual(await refs(router, "ollama/llama3:8b"), ["ollama/llama3:8b"]);
});

test("num_ctx is one value for one model, and what the server is sent", async (t) => {
  const { target, server } = await ollama(t, [{ ...SMALL, contextTokens: 40_960 }]);
  const { router } = createTestRouter({ targets: [target] });
  const [before] = await router.route({}, signal());
  assert.ok(before);
  await collect(before.provider, chatRequest({ contextTokens: before.contextTokens }));
  server.play({ models: [{ ...SMALL, contextTokens: 40_960, loadedContextTokens: 12_000 }] });
  await router.list(signal());
  const [after] = await router.route({}, signal());

  assert.equal(after?.contextTokens, before.contextTokens);
  assert.match(server.chats()[0] ?? "", new RegExp(`"num_ctx":${before.contextTokens}`));
});

test("a /v1 address that is an Ollama is spoken natively, with a note", async (t) => {
  const { server } = await ollama(t, [SMALL]);
  const provider = { api: "openai-completions", baseUrl: `${server.url}/v1` };
  const { router } = createTestRouter({ models: { providers: { mine: provider } } });
  const [candidate] = await router.route({ picked: "mine/qwen3:8b" }, signal());
  assert.ok(candidate);
  await collect(candidate.provider, chatRequest());

  assert.equal(server.requests.at(-1)?.path, "/api/chat");
  assert.equal(router.notes()[0]?.code, "MODEL_V1_REWRITTEN");
});

test("config's models, parameters and limits reach the candidate", async (t) => {
  const { server } = await ollama(t, [SMALL]);
  const { router } = createTestRouter({
    models: {
      providers: {
        ollama: {
          api: "ollama",
          baseUrl: server.url,
          params: { temperature: 0.7, top_k: 5 },
          models: {
            "qwen3:8b": {
              contextWindow: 20_000,
              maxTokens: 99,
              params: { temperature: 0.1 },
              compat: { supportsTools: false },
            },
          },
        },
      },
    },
  });
  const [candidate] = await router.route({}, signal());

  assert.equal(candidate?.contextTokens, 20_000);
  assert.equal(candidate?.maxTokens, 99);
  assert.deepEqual(candidate?.params, { temperature: 0.1, top_k: 5 });
  assert.equal(candidate?.tools, false);
});

test("mode replace looks for no others", async (t) => {
  const { target } = await ollama(t, [SMALL]);
  const { router, egress } = createTestRouter({
    models: { mode: "replace" },
    targets: [target],
    demonstration: DEMO,
  });

  assert.deepEqual(await refs(router), ["embedded/demo"]);
  assert.equal(egress.sent.length, 0);
});

test("use() makes a model the first choice, and refuses one that cannot answer", async (t) => {
  const { target } = await ollama(t, [SMALL, OTHER]);
  const { router, state } = createTestRouter({ targets: [target] });
  const status = await router.use("llama3:8b", signal());

  assert.equal(status.ref, "ollama/llama3:8b");
  assert.equal(state.chosen, "ollama/llama3:8b");
  assert.deepEqual(await refs(router), ["ollama/llama3:8b"]);
  await assert.rejects(router.use("ollama/none", signal()), { code: "MODEL_MISSING" });
  assert.equal(state.chosen, "ollama/llama3:8b");
  await router.use("auto", signal());
  assert.equal(state.chosen, undefined);
});

test("list() shows what there is, what may be used and why not, and servers that fail", async (t) => {
  const { target } = await ollama(t, [
    SMALL,
    { name: "gpt-oss:120b-cloud" },
    { name: "nomic", capabilities: ["embedding"] },
  ]);
  const gone = await startOllama();
  await gone.close();
  const { router } = createTestRouter({
    targets: [target],
    demonstration: DEMO,
    models: { providers: { gone: { api: "ollama", baseUrl: gone.url } } },
  });
  const list = await router.list(signal());

  assert.deepEqual(
    list.models.map(({ ref, locality, usable }) => [ref, locality, usable]),
    [
      ["ollama/qwen3:8b", "device", true],
      ["ollama/gpt-oss:120b-cloud", "cloud", false],
      ["ollama/nomic", "device", false],
      ["embedded/demo", "embedded", true],
    ],
  );
  assert.equal(list.current, "ollama/qwen3:8b");
  assert.deepEqual(
    list.faults.map(({ code }) => code),
    ["MODEL_UNREACHABLE"],
  );
});

test("an abort while looking passes through, and does not spoil it for others", async (t) => {
  const { target } = await ollama(t, [SMALL]);
  const { router } = createTestRouter({ targets: [target] });
  const stop = new AbortController();
  const reason = new Error("stop was pressed");
  const aborted = router.route({}, stop.signal);
  const other = refs(router);
  stop.abort(reason);

  await assert.rejects(aborted, reason);
  assert.deepEqual(await other, ["ollama/qwen3:8b"]);
});
