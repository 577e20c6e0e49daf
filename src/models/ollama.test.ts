import assert from "node:assert/strict";
import { test } from "node:test";

import { createLoopbackEgress } from "../../test/fakes/loopback-egress.ts";
import type { Script } from "../../test/fakes/model-server.ts";
import { startOllama } from "../../test/fakes/ollama.ts";
import { toKeepAlive } from "./params/values.ts";
import { createOllama } from "./ollama.ts";
import { chatRequest, collect, testProvider } from "./provider.conformance.ts";
import type { ChatRequest } from "./provider.ts";

let made = 0;
const provider = (baseUrl: string) =>
  createOllama({
    id: "ollama",
    baseUrl,
    egress: createLoopbackEgress(),
    newCallId: () => `own_${made++}`,
  });

testProvider("ollama", {
  start: startOllama,
  provider,
  textChunk: (content) => `${JSON.stringify({ message: { content } })}\n`,
});

/** The body that one request becomes. */
async function sent(request: Partial<ChatRequest>) {
  const server = await startOllama();
  await collect(provider(server.url), chatRequest(request));
  await server.close();
  return JSON.parse(server.chats()[0] ?? "") as {
    options: Record<string, unknown>;
    messages: Record<string, unknown>[];
    [key: string]: unknown;
  };
}

async function list(script: Script) {
  const server = await startOllama(script);
  try {
    return await provider(server.url).listModels(new AbortController().signal);
  } finally {
    await server.close();
  }
}

test("num_ctx is always sent, and is what the agent budgets whatever params say", async () => {
  assert.equal((await sent({})).options["num_ctx"], 8192);
  assert.equal((await sent({ params: { num_ctx: 4096 } })).options["num_ctx"], 8192);
});

test("parameters go where Ollama reads them, and unknown ones nowhere", async () => {
  const params = { temperature: 0.2, think: false, keep_alive: "-1", evil: true, model: "other" };
  const body = await sent({ params, maxTokens: 99 });

  assert.deepEqual(body.options, { num_predict: 99, temperature: 0.2, num_ctx: 8192 });
  assert.equal(body["think"], false);
  assert.equal(body["keep_alive"], -1);
  assert.equal(body["model"], "qwen3:8b");
  assert.ok(!("evil" in body));
});

test("a schema for the answer goes out as Ollama's `format`", async () => {
  const format = { type: "object", properties: { ok: { type: "boolean" } } };

  assert.deepEqual((await sent({ format, params: { format: "json" } }))["format"], format);
  assert.equal((await sent({}))["format"], undefined);
});

test("the server's own times come with the end of the answer", async () => {
  const end = { done: true, prompt_eval_count: 9, eval_count: 2, prompt_eval_duration: 5_000_000 };
  const server = await startOllama({
    turns: [
      [{ raw: `${JSON.stringify({ ...end, eval_duration: 4e6, load_duration: 3e9 })}\n` }],
      [{ raw: `${JSON.stringify({ ...end, eval_duration: "soon" })}\n` }],
    ],
  });
  const [timed] = await collect(provider(server.url), chatRequest());
  const [odd] = await collect(provider(server.url), chatRequest());
  await server.close();

  assert.ok(timed?.type === "done" && odd?.type === "done");
  assert.deepEqual(timed.timings, { promptMs: 5, outputMs: 4, loadMs: 3000 });
  assert.deepEqual(odd.timings, { promptMs: 5 });
});

test("keep_alive becomes a number or a duration that Ollama takes, or is left out", () => {
  assert.equal(toKeepAlive("-1"), -1);
  assert.equal(toKeepAlive("300"), 300);
  assert.equal(toKeepAlive(0), 0);
  assert.equal(toKeepAlive("1h30m"), "1h30m");
  for (const wrong of ["for ever", "5 minutes", "", null, Number.NaN, {}]) {
    assert.equal(toKeepAlive(wrong), undefined);
  }
});

test("a tool result names its tool, and reasoning goes back as thinking", async () => {
  const toolCalls = [{ id: "c", tool: "read", argumentsJson: "{}" }];
  const { messages } = await sent({
    messages: [
      { role: "assistant", text: "", reasoning: "Hm.", toolCalls },
      { role: "tool", callId: "c", tool: "read", text: "x", ok: true },
    ],
  });

  assert.equal(messages[1]?.["thinking"], "Hm.");
  assert.equal(messages[2]?.["tool_name"], "read");
});

test("a /v1 address of an Ollama is spoken natively", async () => {
  const server = await startOllama({ turns: [[{ text: "Hi" }]] });
  const events = await collect(provider(`${server.url}/v1`), chatRequest());
  await server.close();

  assert.equal(events[0]?.type, "text");
  assert.equal(server.requests[0]?.path, "/api/chat");
});

test("listModels() tells capabilities, context and what is loaded", async () => {
  const [model] = await list({
    models: [
      {
        name: "qwen3:8b",
        digest: "abc",
        sizeBytes: 5e9,
        capabilities: ["completion", "tools", "thinking"],
        contextTokens: 40_960,
        loadedContextTokens: 16_384,
        parameters: "stop  <|im_end|>\nnum_ctx    12288",
      },
    ],
  });

  assert.deepEqual(model, {
    id: "qwen3:8b",
    locality: "unknown",
    contextTokens: 40_960,
    loadedContextTokens: 16_384,
    preferredContextTokens: 12_288,
    sizeBytes: 5e9,
    tools: true,
    vision: false,
    reasoning: true,
    chat: true,
    loaded: true,
    digest: "abc",
  });
});

test("security: models in the cloud are told apart though their server is on localhost", async () => {
  const models = await list({
    models: [
      { name: "qwen3:8b" },
      { name: "gpt-oss:120b-cloud" },
      { name: "kimi-k2:cloud" },
      { name: "plain", remoteHost: "https://ollama.com:443" },
    ],
  });

  assert.deepEqual(
    models.map(({ locality }) => locality),
    ["unknown", "cloud", "cloud", "cloud"],
  );
});

test("listModels() asks once what the same weights say of themselves", async () => {
  const server = await startOllama();
  const ollama = provider(server.url);
  await ollama.listModels(new AbortController().signal);
  await ollama.listModels(new AbortController().signal);
  await server.close();

  assert.equal(server.requests.filter(({ path }) => path === "/api/show").length, 1);
});

test("the same call twice under one id is one call", async () => {
  const call = { call: "read", arguments: '{"path":"x"}', id: "call_1" };
  const server = await startOllama({ turns: [[call, call]] });
  const events = await collect(provider(server.url), chatRequest());
  await server.close();

  assert.equal(events.filter(({ type }) => type === "tool-call").length, 1);
});
