import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";

import { startAnthropic } from "../../../test/fakes/anthropic.ts";
import { startOllama } from "../../../test/fakes/ollama.ts";
import { startResponses } from "../../../test/fakes/responses.ts";
import { createTestRouter, refs, signal } from "../../../test/fakes/router.ts";
import { chatRequest, collect } from "../provider.conformance.ts";

async function twoOllamas(t: TestContext) {
  const fast = await startOllama({ models: [{ name: "gemma4:12b" }] });
  const large = await startOllama({ models: [{ name: "qwen3.5:27b" }] });
  t.after(() => Promise.all([fast.close(), large.close()]));
  const providers = {
    "ollama-fast": { api: "ollama", baseUrl: fast.url, locality: "lan" },
    "ollama-large": { api: "ollama", baseUrl: large.url, locality: "lan" },
  };
  return { fast, large, providers };
}

test("two Ollamas under names of their own are two servers, each with its own key", async (t) => {
  const { fast, large, providers } = await twoOllamas(t);
  const { router } = createTestRouter({
    models: { providers },
    apiKeyOf: (provider) => `key-of-${provider}`,
  });
  const { models } = await router.list(signal());

  assert.deepEqual(
    models.map(({ ref, locality }) => [ref, locality]),
    [
      ["ollama-fast/gemma4:12b", "lan"],
      ["ollama-large/qwen3.5:27b", "lan"],
    ],
  );
  const keysAt = (server: typeof fast) =>
    new Set(server.requests.map(({ headers }) => headers.authorization));
  assert.deepEqual(keysAt(fast), new Set(["Bearer key-of-ollama-fast"]));
  assert.deepEqual(keysAt(large), new Set(["Bearer key-of-ollama-large"]));
});

test("a chain goes over hosts: where the first is off, the second answers and it is said", async (t) => {
  const { fast, providers } = await twoOllamas(t);
  const { router } = createTestRouter({
    models: { providers },
    chain: { primary: "ollama-fast/gemma4:12b", fallbacks: ["ollama-large/qwen3.5:27b"] },
  });
  assert.deepEqual(await refs(router), ["ollama-fast/gemma4:12b", "ollama-large/qwen3.5:27b"]);
  await fast.close();
  const off = createTestRouter({
    models: { providers },
    chain: { primary: "ollama-fast/gemma4:12b", fallbacks: ["ollama-large/qwen3.5:27b"] },
  });
  const [first] = await off.router.route({}, signal());
  assert.equal(first?.ref, "ollama-large/qwen3.5:27b");
  assert.equal(first?.insteadOf?.code, "MODEL_UNREACHABLE");
});

test("security: a model of Ollama's cloud behind a local server is refused unless mode allows it", async (t) => {
  const server = await startOllama({
    models: [{ name: "gpt-oss:120b-cloud" }, { name: "qwen3:8b" }],
  });
  t.after(() => server.close());
  // What a person declares of the server does not hold for a model that says otherwise.
  const providers = { ollama: { api: "ollama", baseUrl: server.url, locality: "device" } };
  const { router } = createTestRouter({ models: { providers } });

  await assert.rejects(refs(router, "ollama/gpt-oss:120b-cloud"), {
    code: "MODEL_NOT_ALLOWED",
    fix: /isopod mode set internet/,
  });
  assert.deepEqual(await refs(router, "ollama/qwen3:8b"), ["ollama/qwen3:8b"]);
  assert.equal(server.chats().length, 0);
  const internet = createTestRouter({ models: { providers }, mode: "internet" });
  assert.deepEqual(await refs(internet.router, "ollama/gpt-oss:120b-cloud"), [
    "ollama/gpt-oss:120b-cloud",
  ]);
});

const CLOUDS = {
  providers: {
    anthropic: { api: "anthropic-messages" },
    openai: { api: "openai-responses" },
    mirror: { api: "anthropic-messages", baseUrl: "https://api.example.com/anthropic" },
  },
};

test("security: in no mode but internet is a cloud sent a byte, by any dialect; there it is (control)", async () => {
  const env = { ANTHROPIC_API_KEY: "sk-ant", OPENAI_API_KEY: "sk-oai" };
  for (const mode of ["device", "private"] as const) {
    const { router, egress } = createTestRouter({ models: CLOUDS, mode, env });
    for (const ref of ["anthropic/claude-a", "openai/gpt-5", "mirror/claude-a"]) {
      await assert.rejects(refs(router, ref), {
        code: "MODEL_NOT_ALLOWED",
        fix: /isopod mode set internet/,
      });
    }
    await router.list(signal());
    assert.deepEqual(egress.sent, []);
  }
  const { router, egress } = createTestRouter({ models: CLOUDS, mode: "internet", env });
  await assert.rejects(refs(router, "anthropic/claude-a"));
  await assert.rejects(refs(router, "openai/gpt-5"));
  assert.deepEqual(
    egress.sent.map(({ url }) => url),
    ["https://api.anthropic.com/v1/models?limit=1000", "https://api.openai.com/v1/models"],
  );
});

test("security: a cloud's key from the environment goes to that cloud's own host alone", async () => {
  const env = { ANTHROPIC_API_KEY: "sk-ant", OPENAI_API_KEY: "sk-oai" };
  const models = {
    providers: {
      anthropic: { baseUrl: "https://claude.example.com" },
      openai: { baseUrl: "http://api.openai.com/v1" },
      "anthropic-eu": { api: "anthropic-messages", baseUrl: "https://eu.example.com" },
    },
  };
  const { router, egress } = createTestRouter({ models, mode: "internet", env });
  for (const ref of ["anthropic/x", "openai/x", "anthropic-eu/x"]) {
    await assert.rejects(refs(router, ref));
  }
  assert.ok(egress.sent.length > 0);
  assert.ok(!JSON.stringify(egress.sent).includes("sk-"));

  const own = createTestRouter({ models: CLOUDS, mode: "internet", env });
  await assert.rejects(refs(own.router, "anthropic/x"));
  await assert.rejects(refs(own.router, "openai/x"));
  const [claude, gpt] = own.egress.sent.map(({ headers }) => headers);
  assert.equal(claude?.["x-api-key"], "sk-ant");
  assert.equal(gpt?.["authorization"], "Bearer sk-oai");
});

test("config's api is the dialect that is spoken, to servers of one's own too", async (t) => {
  const responses = await startResponses({ models: [{ name: "local" }] });
  const messages = await startAnthropic({ models: [{ name: "local" }] });
  t.after(() => Promise.all([responses.close(), messages.close()]));
  const { router } = createTestRouter({
    models: {
      providers: {
        a: { api: "openai-responses", baseUrl: `${responses.url}/v1`, locality: "device" },
        b: { api: "anthropic-messages", baseUrl: `${messages.url}/v1`, locality: "device" },
      },
    },
  });
  for (const ref of ["a/local", "b/local"]) {
    const [candidate] = await router.route({ picked: ref }, signal());
    assert.ok(candidate);
    const events = await collect(candidate.provider, chatRequest({ model: "local" }));
    assert.equal(events.at(-1)?.type, "done");
  }
  assert.deepEqual([responses.chats().length, messages.chats().length], [1, 1]);
});
