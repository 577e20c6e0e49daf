import assert from "node:assert/strict";
import { test } from "node:test";

import { createLoopbackEgress } from "../../test/fakes/loopback-egress.ts";
import type { Script, Step } from "../../test/fakes/model-server.ts";
import { startOpenAi } from "../../test/fakes/openai.ts";
import type { DialectOptions } from "./dialect.ts";
import { createOpenAiCompletions } from "./openai-completions.ts";
import { chatRequest, collect, testProvider } from "./provider.conformance.ts";
import type { ChatRequest } from "./provider.ts";

let made = 0;
const provider = (url: string, options: Partial<DialectOptions> = {}) =>
  createOpenAiCompletions({
    id: "local",
    baseUrl: `${url}/v1`,
    egress: createLoopbackEgress(),
    newCallId: () => `own_${made++}`,
    ...options,
  });

const delta = (delta: object, finish: string | null = null) =>
  `data: ${JSON.stringify({ choices: [{ index: 0, delta, finish_reason: finish }] })}\n\n`;

testProvider("openai-completions", {
  start: startOpenAi,
  provider,
  textChunk: (content) => delta({ content }),
});

async function answer(turn: Step[], options?: Partial<DialectOptions>) {
  const server = await startOpenAi({ turns: [turn] });
  try {
    return await collect(provider(server.url, options), chatRequest());
  } finally {
    await server.close();
  }
}

async function sent(request: Partial<ChatRequest>, options?: Partial<DialectOptions>) {
  const server = await startOpenAi();
  await collect(provider(server.url, options), chatRequest(request));
  await server.close();
  return JSON.parse(server.chats()[0] ?? "") as {
    messages: Record<string, unknown>[];
    [key: string]: unknown;
  };
}

test("an answer that ends without [DONE] is whole once its finish_reason was there", async () => {
  const events = await answer([
    { raw: delta({ content: "Hi" }) + delta({}, "stop") },
    { cut: "quietly" },
  ]);

  assert.deepEqual(
    events.map(({ type }) => type),
    ["text", "done"],
  );
});

test("an answer that was not streamed although it was asked for is read all the same", async () => {
  const message = {
    role: "assistant",
    content: null,
    tool_calls: [
      { id: "a", type: "function", function: { name: "read", arguments: '{"path": "x"}' } },
    ],
  };
  const body = JSON.stringify({ choices: [{ message, finish_reason: "tool_calls" }] }, null, 2);
  const events = await answer([{ status: 200, body }]);

  assert.deepEqual(events[0], {
    type: "tool-call",
    call: { id: "a", tool: "read", argumentsJson: '{"path": "x"}' },
  });
});

test("calls that all carry index 0 but ids of their own are two calls", async () => {
  const call = (id: string, args: string) =>
    delta({ tool_calls: [{ index: 0, id, function: { name: "read", arguments: args } }] });
  const events = await answer([
    { raw: call("a", '{"path":"1"}') + call("b", '{"path":"2"}') + delta({}, "tool_calls") },
  ]);

  assert.equal(events.filter(({ type }) => type === "tool-call").length, 2);
});

test("a call that the limit cut in its arguments is no call", async () => {
  const events = await answer([
    {
      raw:
        delta({
          tool_calls: [{ index: 0, id: "a", function: { name: "write", arguments: '{"te' } }],
        }) + delta({}, "length"),
    },
    { cut: "quietly" },
  ]);

  assert.deepEqual(
    events.map(({ type }) => type),
    ["done"],
  );
});

test("chunks without an empty line between them are read", async () => {
  const raw = (delta({ content: "a" }) + delta({ content: "b" }) + delta({}, "stop")).replaceAll(
    "\n\n",
    "\n",
  );
  const events = await answer([{ raw }]);

  assert.equal(events.filter(({ type }) => type === "text").length, 2);
});

test("cached tokens come from usage, and llama.cpp's timings stand in where there is none", async () => {
  const cached = await answer([{ text: "x" }, { end: { inputTokens: 30, cachedTokens: 29 } }]);
  const last = JSON.stringify({
    choices: [{ delta: {}, finish_reason: "stop" }],
    timings: { prompt_n: 2, cache_n: 28, predicted_n: 7 },
  });
  const timed = await answer([{ raw: `data: ${last}\n\n` }, { cut: "quietly" }]);

  assert.deepEqual(usageOf(cached), { inputTokens: 30, outputTokens: 5, cachedTokens: 29 });
  assert.deepEqual(usageOf(timed), { inputTokens: 30, outputTokens: 7, cachedTokens: 28 });
});

test("a schema for the answer goes out as `response_format`, and is not replaced by a parameter", async () => {
  const schema = { type: "object", properties: { ok: { type: "boolean" } } };
  const params = { response_format: { type: "text" } };

  assert.deepEqual((await sent({ format: schema, params }))["response_format"], {
    type: "json_schema",
    json_schema: { name: "answer", schema },
  });
});

test("llama.cpp's times come with the end of the answer, and of the prompt what was read anew", async () => {
  const last = JSON.stringify({
    choices: [{ delta: {}, finish_reason: "stop" }],
    timings: { prompt_n: 2, cache_n: 28, prompt_ms: 12.5, predicted_n: 7, predicted_ms: 40 },
  });
  const done = (await answer([{ raw: `data: ${last}\n\n` }, { cut: "quietly" }])).at(-1);

  assert.ok(done?.type === "done");
  assert.deepEqual(done.timings, { promptMs: 12.5, promptTokens: 2, outputMs: 40 });
});

const usageOf = (events: Awaited<ReturnType<typeof answer>>) => {
  const done = events.at(-1);
  return done?.type === "done" ? done.usage : undefined;
};

test("llama.cpp's progress through a long prompt is an event", async () => {
  const progress = 'data: {"choices":[],"prompt_progress":{"total":9200,"processed":512}}\n\n';
  const events = await answer([{ raw: progress }, { text: "Hi" }], { product: "llamacpp" });

  assert.deepEqual(events[0], {
    type: "progress",
    on: "model",
    text: "reading 9,200 tokens, 512 done",
  });
});

test("an event of type error is a refusal in the server's words", async () => {
  const raw = 'event: error\ndata: {"error":{"message":"Model unloaded."}}\n\n';

  await assert.rejects(answer([{ raw }]), { code: "MODEL_REFUSED", message: /Model unloaded/ });
});

test("strictMessageKeys leaves role and content alone, and calls become text", async () => {
  const toolCalls = [{ id: "c", tool: "read", argumentsJson: '{"path":"x"}' }];
  const { messages } = await sent(
    {
      messages: [
        { role: "assistant", text: "Look.", toolCalls },
        { role: "tool", callId: "c", tool: "read", text: "", ok: true },
      ],
    },
    { compatOf: () => ({ strictMessageKeys: true }) },
  );

  assert.deepEqual(messages.slice(1), [
    {
      role: "assistant",
      content: 'Look.\n<tool_call>{"name":"read","arguments":{"path":"x"}}</tool_call>',
    },
    { role: "user", content: "Result of read:\n(empty)" },
  ]);
});

test("content beside calls is null, or a string where the server insists or is not known", async () => {
  const messages = [
    {
      role: "assistant" as const,
      text: "",
      toolCalls: [{ id: "c", tool: "read", argumentsJson: "{}" }],
    },
  ];
  const requiresStringContent = { compatOf: () => ({ requiresStringContent: true }) };
  const plain = await sent({ messages }, { product: "llamacpp" });
  const strict = await sent({ messages }, { product: "llamacpp", ...requiresStringContent });
  const unknown = await sent({ messages });

  assert.equal(plain.messages[1]?.["content"], null);
  assert.equal(strict.messages[1]?.["content"], "");
  assert.equal(unknown.messages[1]?.["content"], "");
});

test("tool_choice is sent where someone chose, and only beside tools", async () => {
  const required = { compatOf: () => ({ tool_choice: "required" as const }) };

  assert.equal((await sent({}))["tool_choice"], undefined);
  assert.equal((await sent({ toolChoice: "none" }))["tool_choice"], "none");
  assert.equal((await sent({}, required))["tool_choice"], "required");
  assert.equal((await sent({ toolChoice: "none" }, required))["tool_choice"], "none");
  assert.equal((await sent({ tools: [] }, required))["tool_choice"], undefined);
});

test("num_ctx goes to products that honour it, and parameters of others to none", async () => {
  const params = { temperature: 0.1, keep_alive: -1, num_ctx: 1 };

  assert.equal((await sent({ params }, { product: "litellm" }))["num_ctx"], 8192);
  const body = await sent({ params });
  assert.equal(body["num_ctx"], undefined);
  assert.equal(body["keep_alive"], undefined);
  assert.equal(body["temperature"], 0.1);
});

test("extra_body has the last word on everything but the chat itself", async () => {
  const extra_body = { top_k: 7, messages: [], model: "other", stream: false, tools: [] };
  const body = await sent({ params: { top_k: 1, extra_body } });

  assert.equal(body["top_k"], 7);
  assert.equal(body["model"], "qwen3:8b");
  assert.equal(body["stream"], true);
  assert.equal(body.messages.length, 2);
});

async function list(script: Script, product: DialectOptions["product"]) {
  const server = await startOpenAi(script);
  try {
    return await provider(server.url, { product }).listModels(new AbortController().signal);
  } finally {
    await server.close();
  }
}

test("listModels() takes llama.cpp's context and tools from /props", async () => {
  const models = await list(
    {
      models: [{ name: "model.gguf" }],
      routes: {
        "/props": {
          default_generation_settings: { n_ctx: 8192 },
          chat_template_caps: { supports_tools: true },
          modalities: { vision: false },
        },
      },
    },
    "llamacpp",
  );

  assert.deepEqual(models, [
    {
      id: "model.gguf",
      locality: "unknown",
      loaded: true,
      loadedContextTokens: 8192,
      tools: true,
      vision: false,
    },
  ]);
});

test("listModels() takes vLLM's context from max_model_len", async () => {
  const [model] = await list({ models: [{ name: "m", loadedContextTokens: 32_768 }] }, "vllm");

  assert.equal(model?.loadedContextTokens, 32_768);
  assert.equal(model?.loaded, true);
});

test("listModels() reads LM Studio's own listing, new and old", async () => {
  const v1 = {
    models: [
      {
        type: "llm",
        key: "qwen/qwen3-8b",
        size_bytes: 5e9,
        max_context_length: 40_960,
        loaded_instances: [{ id: "qwen/qwen3-8b", config: { context_length: 8192 } }],
        capabilities: { vision: false, trained_for_tool_use: true },
      },
      { type: "embedding", key: "nomic", loaded_instances: [] },
    ],
  };
  const v0 = {
    data: [
      {
        id: "qwen2-vl",
        type: "vlm",
        state: "not-loaded",
        max_context_length: 32_768,
        capabilities: ["tool_use"],
      },
    ],
  };
  const now = await list({ routes: { "/api/v1/models": v1 } }, "lmstudio");
  const before = await list({ routes: { "/api/v0/models": v0 } }, "lmstudio");

  assert.deepEqual(
    now.map(({ id, loaded, tools, chat }) => ({ id, loaded, tools, chat })),
    [
      { id: "qwen/qwen3-8b", loaded: true, tools: true, chat: true },
      { id: "nomic", loaded: false, tools: undefined, chat: false },
    ],
  );
  assert.equal(now[0]?.loadedContextTokens, 8192);
  assert.equal(before[0]?.vision, true);
  assert.equal(before[0]?.tools, true);
});

test("an answer that a filter ended, or the server gave up, is a fault and no short answer", async () => {
  const raw = (reason: string) => `${delta({}, reason)}data: [DONE]\n\n`;
  await assert.rejects(answer([{ text: "Half" }, { raw: raw("content_filter") }]), {
    code: "MODEL_DECLINED",
  });
  await assert.rejects(answer([{ text: "Half" }, { raw: raw("error") }]), {
    code: "MODEL_REFUSED",
  });
});
