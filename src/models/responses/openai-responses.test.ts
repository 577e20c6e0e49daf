import assert from "node:assert/strict";
import { test } from "node:test";

import { createLoopbackEgress } from "../../../test/fakes/loopback-egress.ts";
import type { Step } from "../../../test/fakes/model-server.ts";
import { startResponses } from "../../../test/fakes/responses.ts";
import type { Message } from "../../protocol/message.ts";
import type { DialectOptions } from "../dialect.ts";
import { chatRequest, collect, type Sent, testProvider } from "../provider.conformance.ts";
import type { ChatEvent, ChatRequest } from "../provider.ts";
import { createOpenAiResponses } from "./openai-responses.ts";

let made = 0;
const provider = (url: string, options: Partial<DialectOptions> = {}) =>
  createOpenAiResponses({
    id: "local",
    baseUrl: `${url}/v1`,
    egress: createLoopbackEgress(),
    newCallId: () => `own_${made++}`,
    ...options,
  });

const textDelta = (delta: string) =>
  `data: ${JSON.stringify({ type: "response.output_text.delta", output_index: 0, delta })}\n\n`;

testProvider("openai-responses", { start: startResponses, provider, textChunk: textDelta, sent });

type Item = {
  type: string;
  role?: string;
  content?: { type: string; text?: string }[];
  output?: unknown;
  [key: string]: unknown;
};
type Body = { instructions?: string; input: Item[]; [key: string]: unknown };

/** An answer's calls are items of their own here: they stand for an answer that says nothing. */
function sent(body: string): Sent[] {
  const { instructions, input } = JSON.parse(body) as Body;
  const said = input.map((item): Sent => {
    if (item.type === "function_call_output") return ["tool", String(item.output)];
    return [item.role ?? "assistant", (item.content ?? []).map(({ text }) => text ?? "").join("")];
  });
  return [...(instructions ? [["system", instructions] as Sent] : []), ...said];
}

async function answer(turn: Step[], options?: Partial<DialectOptions>) {
  const server = await startResponses({ turns: [turn] });
  try {
    return await collect(provider(server.url, options), chatRequest());
  } finally {
    await server.close();
  }
}

async function body(request: Partial<ChatRequest>, options?: Partial<DialectOptions>) {
  const server = await startResponses();
  await collect(provider(server.url, options), chatRequest(request));
  await server.close();
  return JSON.parse(server.chats()[0] ?? "") as Body;
}

const typesOf = (events: ChatEvent[]) => events.map(({ type }) => type);

test("the server is asked to keep nothing of the conversation", async () => {
  assert.equal((await body({}))["store"], false);
});

test("OpenAI's encrypted reasoning goes back as it came; other servers are not asked for it", async () => {
  const turn: Step[] = [
    { reasoning: "A file." },
    { text: "I look." },
    { call: "read", arguments: '{"path":"a"}', id: "call_1" },
  ];
  const events = await answer(turn, { product: "openai" });
  const sealed = events.find((event) => event.type === "sealed")?.sealed;
  assert.ok(sealed);
  assert.equal(sealed.by, "local/qwen3:8b");
  assert.match(sealed.items[0]?.json ?? "", /"encrypted_content":"gAAAA\/fake=="/);
  assert.ok(!typesOf(await answer(turn)).includes("sealed"));

  const messages: Message[] = [
    { role: "user", text: "go" },
    {
      role: "assistant",
      text: "I look.",
      reasoning: "A file.",
      toolCalls: [{ id: "call_1", tool: "read", argumentsJson: '{"path":"a"}' }],
      sealed,
    },
    { role: "tool", callId: "call_1", tool: "read", text: "x", ok: true },
  ];
  const { input } = await body({ messages }, { product: "openai" });
  assert.deepEqual(
    input.map(({ type }) => type),
    ["message", "reasoning", "message", "function_call", "function_call_output"],
  );
  const others = await body({ messages }, { product: "openai", id: "another" });
  assert.ok(!JSON.stringify(others).includes("gAAAA"), "another server is not sent it");
});

test("a model that cannot encrypt its reasoning is asked again without, and from then on", async () => {
  const refusal = {
    error: { message: "Encrypted content is not supported with this model.", code: null },
  };
  const server = await startResponses({
    turns: [[{ status: 400, body: JSON.stringify(refusal) }]],
  });
  const openai = provider(server.url, { product: "openai" });

  assert.equal((await collect(openai, chatRequest())).at(-1)?.type, "done");
  await collect(openai, chatRequest());
  const asked = server.chats().map((text) => (JSON.parse(text) as Body)["include"] !== undefined);
  assert.deepEqual(asked, [true, false, false]);
  await server.close();
});

test("llama.cpp gets earlier reasoning back in the clear", async () => {
  const messages: Message[] = [
    { role: "user", text: "go" },
    { role: "assistant", text: "Hi", reasoning: "They greet.", toolCalls: [] },
    { role: "user", text: "on" },
  ];
  const { input } = await body({ messages }, { product: "llamacpp" });
  assert.deepEqual(input[1]?.content, [{ type: "reasoning_text", text: "They greet." }]);
  const plain = await body({ messages });
  assert.ok(!JSON.stringify(plain).includes("They greet."));
});

test("cached tokens come from the last event", async () => {
  const done = (await answer([{ text: "x" }, { end: { inputTokens: 30, cachedTokens: 29 } }])).at(
    -1,
  );

  assert.ok(done?.type === "done");
  assert.deepEqual(done.usage, { inputTokens: 30, outputTokens: 5, cachedTokens: 29 });
});

test("a limit and a filter are told apart, and a model's own refusal is what it says", async () => {
  const done = (await answer([{ text: "x" }, { end: { reason: "length" } }])).at(-1);
  assert.ok(done?.type === "done" && done.reason === "length");
  await assert.rejects(answer([{ text: "x" }, { end: { reason: "content_filter" } }]), {
    code: "MODEL_DECLINED",
  });
  const raw = 'data: {"type":"response.refusal.delta","output_index":0,"delta":"I will not."}\n\n';
  assert.deepEqual((await answer([{ raw }]))[0], { type: "text", text: "I will not." });
});

test("an answer as long as its limit was cut there, whatever the server calls it", async () => {
  const server = await startResponses({ turns: [[{ text: "x" }, { end: { outputTokens: 5 } }]] });
  const events = await collect(provider(server.url), chatRequest({ maxTokens: 5 }));
  await server.close();
  const done = events.at(-1);
  assert.ok(done?.type === "done" && done.reason === "length");
});

test("errors say what they are by their code, in mid-stream too", async () => {
  const raw =
    'data: {"type":"error","code":"rate_limit_exceeded","message":"slow","param":null}\n\n';
  await assert.rejects(answer([{ text: "Half" }, { raw }]), { code: "MODEL_BUSY" });
  const full =
    'data: {"type":"response.failed","response":{"error":{"code":"context_length_exceeded","message":"Your input exceeds"}}}\n\n';
  await assert.rejects(answer([{ raw: full }]), { code: "MODEL_CONTEXT_EXCEEDED" });
});

test("a call that the limit cut in its arguments is no call", async () => {
  const turn: Step[] = [
    { call: "read", arguments: '{"pa', id: "a" },
    { end: { reason: "length" } },
  ];
  assert.deepEqual(typesOf(await answer(turn)), ["done"]);
});

test("items that come whole are said once, and not again after their pieces", async () => {
  const item = {
    type: "message",
    role: "assistant",
    content: [{ type: "output_text", text: "Hi" }],
  };
  const raw = `data: ${JSON.stringify({ type: "response.output_item.done", output_index: 4, item })}\n\n`;

  assert.deepEqual(
    (await answer([{ raw }])).map((event) => event.type === "text" && event.text),
    ["Hi", false],
  );
});

test("an answer that was not streamed although it was asked for is read all the same", async () => {
  const text = JSON.stringify(
    {
      object: "response",
      status: "completed",
      error: null,
      output: [
        { type: "message", role: "assistant", content: [{ type: "output_text", text: "Hi" }] },
        { type: "function_call", call_id: "c", name: "read", arguments: '{ "a":1 }' },
      ],
      usage: { input_tokens: 3, output_tokens: 2 },
    },
    null,
    2,
  );

  assert.deepEqual(await answer([{ status: 200, body: text }]), [
    { type: "text", text: "Hi" },
    { type: "tool-call", call: { id: "c", tool: "read", argumentsJson: '{ "a":1 }' } },
    { type: "done", reason: "tool-calls", usage: { inputTokens: 3, outputTokens: 2 } },
  ]);
});

test("OpenAI is sent what its reference names; servers of one's own also what they sample with", async () => {
  const params = { temperature: 0.2, top_k: 40, seed: 7, reasoning_effort: "low" };
  const cloud = await body({ params, maxTokens: 9, toolChoice: "required" }, { product: "openai" });
  assert.deepEqual(
    [cloud["temperature"], cloud["top_k"], cloud["seed"], cloud["reasoning"]],
    [0.2, undefined, undefined, { effort: "low" }],
  );
  assert.deepEqual([cloud["max_output_tokens"], cloud["tool_choice"]], [9, "required"]);
  const local = await body({ params }, { product: "lmstudio" });
  assert.deepEqual([local["top_k"], local["seed"]], [40, 7]);
});

test("images go as data URLs, before the text and beside a result", async () => {
  const image = { mediaType: "image/jpeg", name: "a.jpg", data: "/9j/4AA=" } as const;
  const { input } = await body({
    messages: [
      { role: "user", text: "What is it?", images: [image] },
      { role: "assistant", text: "", toolCalls: [{ id: "a", tool: "read", argumentsJson: "{}" }] },
      { role: "tool", callId: "a", tool: "read", text: "look", ok: true, images: [image] },
    ],
  });
  const shown = {
    type: "input_image",
    image_url: "data:image/jpeg;base64,/9j/4AA=",
    detail: "auto",
  };

  assert.deepEqual(input[0]?.content, [shown, { type: "input_text", text: "What is it?" }]);
  assert.deepEqual(input[2]?.output, [{ type: "input_text", text: "look" }, shown]);
});
