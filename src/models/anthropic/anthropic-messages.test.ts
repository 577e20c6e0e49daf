import assert from "node:assert/strict";
import { test } from "node:test";

import { SIGNATURE, startAnthropic } from "../../../test/fakes/anthropic.ts";
import { createLoopbackEgress } from "../../../test/fakes/loopback-egress.ts";
import type { Script, Step } from "../../../test/fakes/model-server.ts";
import type { Message } from "../../protocol/message.ts";
import type { DialectOptions } from "../dialect.ts";
import { chatRequest, collect, type Sent, testProvider } from "../provider.conformance.ts";
import type { ChatEvent, ChatRequest } from "../provider.ts";
import { createAnthropicMessages } from "./anthropic-messages.ts";

let made = 0;
const provider = (url: string, options: Partial<DialectOptions> = {}) =>
  createAnthropicMessages({
    id: "claude",
    baseUrl: url,
    egress: createLoopbackEgress(),
    newCallId: () => `own_${made++}`,
    ...options,
  });

const delta = (delta: object) =>
  `data: ${JSON.stringify({ type: "content_block_delta", index: 0, delta })}\n\n`;

testProvider("anthropic-messages", {
  start: startAnthropic,
  provider,
  textChunk: (text) => delta({ type: "text_delta", text }),
  sent,
});

type Body = {
  system?: { text: string }[];
  messages: { role: string; content: Block[] }[];
  [key: string]: unknown;
};
type Block = { type: string; text?: string; content?: string; [key: string]: unknown };

/** Results come as a user's: what each block says, by the role that it has here. */
function sent(body: string): Sent[] {
  const { system = [], messages } = JSON.parse(body) as Body;
  const said = messages.map(({ role, content }): Sent => {
    const [first] = content;
    const isResult = first?.type === "tool_result";
    const text = content.map((block) => block.text ?? block.content ?? "").join("");
    return [isResult ? "tool" : role, text];
  });
  return [...system.map(({ text }): Sent => ["system", text]), ...said];
}

async function answer(turn: Step[], request: Partial<ChatRequest> = {}, script: Script = {}) {
  const server = await startAnthropic({ turns: [turn], ...script });
  try {
    return await collect(provider(server.url), chatRequest(request));
  } finally {
    await server.close();
  }
}

async function body(request: Partial<ChatRequest>, options?: Partial<DialectOptions>) {
  const server = await startAnthropic();
  await collect(provider(server.url, options), chatRequest(request));
  await server.close();
  const headers = server.requests[0]?.headers ?? {};
  return { headers, body: JSON.parse(server.chats()[0] ?? "") as Body };
}

const sealedOf = (events: ChatEvent[]) =>
  events.flatMap((event) => (event.type === "sealed" ? [event.sealed] : []));

test("security: the key goes in x-api-key alone to Anthropic, and with the version of the API", async () => {
  const { headers } = await body({}, { product: "anthropic", apiKey: "sk-ant-secret" });

  assert.equal(headers["x-api-key"], "sk-ant-secret");
  assert.equal(headers["anthropic-version"], "2023-06-01");
  assert.equal(headers["authorization"], undefined);
});

test("security: no fault carries the key, whatever the server answers", async () => {
  const server = await startAnthropic({
    turns: [
      [
        {
          status: 401,
          body: '{"type":"error","error":{"type":"authentication_error","message":"invalid x-api-key"}}',
        },
      ],
    ],
  });
  const claude = provider(server.url, { apiKey: "sk-ant-secret" });
  await assert.rejects(collect(claude, chatRequest()), (fault: Error & { code?: string }) => {
    assert.equal(fault.code, "MODEL_KEY_REFUSED");
    assert.ok(!JSON.stringify([fault, fault.message, fault.stack]).includes("sk-ant-secret"));
    return true;
  });
  await server.close();
});

test("a server of one's own gets the key in both places", async () => {
  const { headers } = await body({}, { apiKey: "local" });

  assert.equal(headers["x-api-key"], "local");
  assert.equal(headers["authorization"], "Bearer local");
});

test("Anthropic's cache is marked beside the messages, so that no message changes for it", async () => {
  const cloud = await body({}, { product: "anthropic" });
  const local = await body({});

  assert.deepEqual(cloud.body["cache_control"], { type: "ephemeral" });
  assert.equal(local.body["cache_control"], undefined);
  assert.ok(!JSON.stringify(cloud.body.messages).includes("cache_control"));
});

test("signed thinking goes back byte for byte, before the call that it led to", async () => {
  const events = await answer([
    { reasoning: 'They say "ü".' },
    { text: "I look." },
    { call: "read", arguments: '{"path":"a"}', id: "toolu_1" },
  ]);
  const [sealed] = sealedOf(events);
  assert.ok(sealed);
  const json = JSON.stringify({
    type: "thinking",
    thinking: 'They say "ü".',
    signature: SIGNATURE,
  });
  assert.deepEqual(sealed, { by: "claude/qwen3:8b", items: [{ json, place: 0 }] });

  const messages: Message[] = [
    { role: "user", text: "go" },
    {
      role: "assistant",
      text: "I look.",
      reasoning: 'They say "ü".',
      toolCalls: [{ id: "toolu_1", tool: "read", argumentsJson: '{"path":"a"}' }],
      sealed,
    },
    { role: "tool", callId: "toolu_1", tool: "read", text: "x", ok: true },
  ];
  const mine = await body({ messages });
  assert.deepEqual(
    mine.body.messages[1]?.content.map(({ type }) => type),
    ["thinking", "text", "tool_use"],
  );
  assert.equal(mine.body.messages[1]?.content[0]?.["signature"], SIGNATURE);

  const others = await body({ messages, model: "another" });
  assert.ok(!JSON.stringify(others.body).includes(SIGNATURE), "another model is not sent it");
});

test("redacted thinking is kept as the server wrote it", async () => {
  const block = '{ "type":"redacted_thinking", "data":"EmwKAhgB\\u002f" }';
  const raw = `data: {"type":"content_block_start","index":0,"content_block":${block}}\n\n`;
  const events = await answer([{ raw }, { text: "Hi" }]);

  assert.deepEqual(sealedOf(events)[0]?.items, [{ json: block, place: 0 }]);
});

test("the results of one answer's calls are one message, failures marked", async () => {
  const call = (id: string) => ({ id, tool: "read", argumentsJson: "{}" });
  const result = (callId: string, ok: boolean) =>
    ({ role: "tool", callId, tool: "read", text: "x", ok }) as const;
  const { body: request } = await body({
    messages: [
      { role: "user", text: "go" },
      { role: "assistant", text: "", toolCalls: [call("a:1"), call("b")] },
      result("a:1", true),
      result("b", false),
    ],
  });

  assert.deepEqual(
    request.messages.map(({ role }) => role),
    ["user", "assistant", "user"],
  );
  assert.deepEqual(
    request.messages[2]?.content.map((block) => [block["tool_use_id"], block["is_error"]]),
    [
      ["a_1", undefined],
      ["b", true],
    ],
  );
});

test("cached tokens are part of the prompt's, also those that the cache was written with", async () => {
  const events = await answer([{ text: "x" }, { end: { inputTokens: 30, cachedTokens: 29 } }]);
  const done = events.at(-1);

  assert.ok(done?.type === "done");
  assert.deepEqual(done.usage, { inputTokens: 30, outputTokens: 5, cachedTokens: 29 });
});

test("a limit, a full window, a stop sequence and a refusal are told apart", async () => {
  const reasonOf = async (reason: string) => {
    const done = (await answer([{ text: "x" }, { end: { reason } }])).at(-1);
    return done?.type === "done" && done.reason;
  };
  assert.equal(await reasonOf("max_tokens"), "length");
  assert.equal(await reasonOf("model_context_window_exceeded"), "length");
  assert.equal(await reasonOf("stop_sequence"), "stop");
  await assert.rejects(reasonOf("refusal"), { code: "MODEL_DECLINED" });
});

test("a call that the limit cut in its arguments is no call", async () => {
  const turn: Step[] = [
    { call: "read", arguments: '{"pa', id: "a" },
    { end: { reason: "max_tokens" } },
  ];

  assert.deepEqual(
    (await answer(turn)).map(({ type }) => type),
    ["done"],
  );
});

test("errors say what they are by their type, in mid-stream too", async () => {
  const overloaded =
    'event: error\ndata: {"type":"error","error":{"type":"overloaded_error","message":"Overloaded"}}\n\n';
  await assert.rejects(answer([{ text: "Half" }, { raw: overloaded }]), { code: "MODEL_BUSY" });
  const refusal = (type: string, message: string, status: number): Step[] => [
    { status, body: JSON.stringify({ type: "error", error: { type, message } }) },
  ];
  await assert.rejects(
    answer(
      refusal("invalid_request_error", "prompt is too long: 208310 tokens > 200000 maximum", 400),
    ),
    { code: "MODEL_CONTEXT_EXCEEDED" },
  );
  await assert.rejects(answer(refusal("not_found_error", "model: claude-x", 404)), {
    code: "MODEL_MISSING",
  });
  await assert.rejects(answer(refusal("rate_limit_error", "slow down", 429)), {
    code: "MODEL_BUSY",
  });
});

test("kinds of events and blocks that are not known yet are passed over", async () => {
  const raw =
    'data: {"type":"comet","index":0}\n\n' +
    'data: {"type":"content_block_start","index":7,"content_block":{"type":"hologram"}}\n\n' +
    'data: {"type":"content_block_delta","index":7,"delta":{"type":"hologram_delta"}}\n\n';

  assert.deepEqual(
    (await answer([{ raw }, { text: "Hi" }])).map(({ type }) => type),
    ["text", "done"],
  );
});

test("an answer that was not streamed although it was asked for is read all the same", async () => {
  const message = `{"type":"message","role":"assistant","content":[{"type":"text","text":"Hi"},
    {"type":"tool_use","id":"t","name":"read","input":{ "line": 12345678901234567890 }}],
    "stop_reason":"tool_use","usage":{"input_tokens":3,"output_tokens":2}}`;
  const events = await answer([{ status: 200, body: message }]);

  assert.deepEqual(events, [
    { type: "text", text: "Hi" },
    {
      type: "tool-call",
      call: { id: "t", tool: "read", argumentsJson: '{ "line": 12345678901234567890 }' },
    },
    { type: "done", reason: "tool-calls", usage: { inputTokens: 3, outputTokens: 2 } },
  ]);
});

test("parameters have the API's names, and a limit is always there", async () => {
  const params = { temperature: 0.2, stop: ["END"], num_batch: 4, min_p: 0.1 };
  const { body: request } = await body({ params, toolChoice: "required" });

  assert.equal(request["temperature"], 0.2);
  assert.deepEqual(request["stop_sequences"], ["END"]);
  assert.equal(request["min_p"], undefined);
  assert.equal(request["max_tokens"], 2048);
  assert.deepEqual(request["tool_choice"], { type: "any" });
  const wide = await body({ contextTokens: 200_000, toolChoice: "none" });
  assert.equal(wide.body["max_tokens"], 8192);
  assert.deepEqual(wide.body["tool_choice"], { type: "none" });
  assert.equal((await body({ maxTokens: 99 })).body["max_tokens"], 99);
});

test("images stand before the text, and beside a result", async () => {
  const image = { mediaType: "image/png", name: "a.png", data: "iVBORw0KGgo=" } as const;
  const { body: request } = await body({
    messages: [
      { role: "user", text: "What is it?", images: [image] },
      { role: "assistant", text: "", toolCalls: [{ id: "a", tool: "read", argumentsJson: "{}" }] },
      { role: "tool", callId: "a", tool: "read", text: "look", ok: true, images: [image] },
    ],
  });
  const source = { type: "base64", media_type: "image/png", data: "iVBORw0KGgo=" };

  assert.deepEqual(request.messages[0]?.content, [
    { type: "image", source },
    { type: "text", text: "What is it?" },
  ]);
  assert.deepEqual(request.messages[2]?.content[0]?.content, [
    { type: "text", text: "look" },
    { type: "image", source },
  ]);
});

test("listModels() takes Anthropic's models for what they are: in the cloud, with eyes and tools", async () => {
  const server = await startAnthropic({
    models: [{ name: "claude-a", contextTokens: 1_000_000 }, { name: "claude-b" }],
  });
  const claude = provider(server.url, { product: "anthropic" });
  const models = await claude.listModels(new AbortController().signal);
  await server.close();

  assert.deepEqual(
    models.map(({ id, locality, contextTokens, tools, vision }) => [
      id,
      locality,
      contextTokens,
      tools,
      vision,
    ]),
    [
      ["claude-a", "cloud", 1_000_000, true, true],
      ["claude-b", "cloud", 200_000, true, true],
    ],
  );
});
