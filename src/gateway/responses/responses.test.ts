import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";

import { sayHello } from "../../../test/fakes/agent.ts";
import { openTestGateway, type TestGateway } from "../../../test/fakes/gateway.ts";
import { Fault } from "../../base/fault.ts";
import type { ChatEvent, ChatRequest } from "../../models/provider.ts";

type Chat = (request: ChatRequest, signal: AbortSignal) => AsyncIterable<ChatEvent>;

const usage = { inputTokens: 7, outputTokens: 3, cachedTokens: 2 };

let gateway: TestGateway;
/** What the model does next, and what it was asked last. */
let chat: Chat;
let asked: ChatRequest | undefined;

before(async () => {
  gateway = await openTestGateway({
    chat: (request, signal) => {
      asked = request;
      return chat(request, signal);
    },
  });
});
after(() => gateway.close());
beforeEach(() => {
  chat = says("Hi");
  gateway.agent.script = sayHello;
  gateway.agent.heard.length = 0;
});

function says(text: string): Chat {
  return async function* () {
    yield { type: "text", text };
    yield { type: "done", reason: "stop", usage };
  };
}

const post = (body: object, as?: string) =>
  gateway.call("POST", "/v1/responses", {
    body: { model: "fake/model", input: "hello", ...body },
    ...(as === undefined ? {} : { as }),
  });

/** The events of a streamed answer; each says twice what it is. */
async function stream(body: object) {
  const { status, text } = await post({ stream: true, ...body });
  assert.equal(status, 200, text);
  return text
    .split("\n\n")
    .filter((frame) => frame.startsWith("event: "))
    .map((frame) => {
      const [first = "", second = ""] = frame.split("\n");
      const event = JSON.parse(second.slice("data: ".length));
      assert.equal(first, `event: ${event.type}`);
      return event;
    });
}

const typesOf = (events: { type: string }[]) => events.map(({ type }) => type);

test("a response has the shape of OpenAI's, and says again what was asked", async () => {
  const { json } = await post({ instructions: "Be brief", metadata: { a: "b" }, temperature: 0.5 });
  assert.match(json.id, /^resp_[0-9a-f]{32}$/);
  assert.equal(json.object, "response");
  assert.equal(json.status, "completed");
  assert.equal(json.instructions, "Be brief");
  assert.deepEqual(json.metadata, { a: "b" });
  const [message] = json.output;
  assert.deepEqual(message, {
    id: message.id,
    type: "message",
    status: "completed",
    role: "assistant",
    content: [{ type: "output_text", text: "Hi", annotations: [], logprobs: [] }],
  });
  assert.deepEqual(json.usage, {
    input_tokens: 7,
    input_tokens_details: { cached_tokens: 2 },
    output_tokens: 3,
    output_tokens_details: { reasoning_tokens: 0 },
    total_tokens: 10,
  });
  assert.equal(asked?.system, "Be brief");
  assert.deepEqual(asked?.messages, [{ role: "user", text: "hello" }]);
});

test("an agent answers under its name, and as it is named", async () => {
  for (const model of ["isopod/main", "isopod", undefined]) {
    const { json } = await post({ model });
    assert.equal(json.output[0].content[0].text, "Hello there");
    assert.equal(json.usage.total_tokens, 12);
  }
  assert.equal(gateway.agent.heard.length, 3);
  const tools = [{ type: "function", name: "look", parameters: {} }];
  assert.equal((await post({ model: "isopod/main", tools })).status, 400);
});

test("a streamed answer is the documented sequence of events, numbered from 0", async () => {
  chat = async function* () {
    yield { type: "reasoning", text: "hm" };
    yield { type: "text", text: "Let me see" };
    yield { type: "tool-call", call: { id: "c1", tool: "look", argumentsJson: '{"at": "x"}' } };
    yield { type: "done", reason: "tool-calls", usage };
  };
  const events = await stream({ tools: [{ type: "function", name: "look" }] });
  assert.deepEqual(typesOf(events), [
    "response.created",
    "response.in_progress",
    "response.output_item.added",
    "response.content_part.added",
    "response.reasoning_text.delta",
    "response.reasoning_text.done",
    "response.content_part.done",
    "response.output_item.done",
    "response.output_item.added",
    "response.content_part.added",
    "response.output_text.delta",
    "response.output_text.done",
    "response.content_part.done",
    "response.output_item.done",
    "response.output_item.added",
    "response.function_call_arguments.delta",
    "response.function_call_arguments.done",
    "response.output_item.done",
    "response.completed",
  ]);
  assert.deepEqual(
    events.map((event) => event.sequence_number),
    events.map((_, index) => index),
  );
  const { response } = events.at(-1);
  assert.deepEqual(
    events.filter(({ type }) => type === "response.output_item.done").map(({ item }) => item),
    response.output,
  );
  const [reasoning, message, call] = response.output;
  assert.deepEqual(reasoning.content, [{ type: "reasoning_text", text: "hm" }]);
  assert.equal(message.content[0].text, "Let me see");
  assert.deepEqual(call, {
    id: call.id,
    type: "function_call",
    call_id: "c1",
    name: "look",
    status: "completed",
    arguments: '{"at": "x"}',
  });
  assert.equal(events[0].response.status, "in_progress");
  // What is kept is what was told, ids and all.
  assert.deepEqual((await gateway.call("GET", `/v1/responses/${response.id}`)).json, response);
});

test("deltas of one moment are one event, and together they are the text", async () => {
  const text = '"\\\n\u2028 😀 </script> \0';
  chat = async function* () {
    for (const unit of text.split("")) yield { type: "text", text: unit };
    yield { type: "done", reason: "length", usage };
  };
  const events = await stream({});
  const deltas = events.filter(({ type }) => type === "response.output_text.delta");
  assert.equal(deltas.map(({ delta }) => delta).join(""), text);
  assert.ok(deltas.length < text.length);
  assert.equal(events.at(-1).type, "response.incomplete");
  assert.deepEqual(events.at(-1).response.incomplete_details, { reason: "max_output_tokens" });
  assert.equal(events.at(-1).response.output[0].status, "incomplete");
});

test("what fails in the middle ends in response.failed, with code and fix; what fails before has a status", async () => {
  chat = async function* () {
    yield { type: "text", text: "Half" };
    throw new Fault("MODEL_STREAM_CUT", { provider: "fake" });
  };
  const events = await stream({});
  const { type, response } = events.at(-1);
  assert.deepEqual([type, response.status], ["response.failed", "failed"]);
  assert.equal(response.error.code, "MODEL_STREAM_CUT");
  assert.match(response.error.message, /^MODEL_STREAM_CUT: .*Look at the log of "fake"/);
  assert.equal(response.output[0].content[0].text, "Half");
  assert.equal((await post({ previous_response_id: response.id })).status, 404);
  const whole = await post({});
  assert.equal(whole.status, 502);
  assert.match(whole.json.error.message, /^MODEL_STREAM_CUT: .*Look at the log of "fake"/);
  const gone = await post({ model: "fake/gone", stream: true });
  assert.deepEqual([gone.status, gone.json.error.code], [404, "MODEL_MISSING"]);
});

test("the items of a conversation become one chat: thoughts, words and calls of a model in one message", async () => {
  await post({
    input: [
      { role: "developer", content: "Be kind" },
      { role: "user", content: [{ type: "input_text", text: "a" }] },
      { type: "reasoning", id: "rs_1", summary: [{ type: "summary_text", text: "thinking" }] },
      { type: "message", role: "assistant", content: [{ type: "output_text", text: "b" }] },
      { type: "function_call", call_id: "c1", name: "look", arguments: '{"at":1}' },
      { type: "function_call", call_id: "c2", name: "look", arguments: "{}" },
      { type: "function_call_output", call_id: "c1", output: "found" },
      { type: "function_call_output", call_id: "c2", output: [{ type: "input_text", text: "x" }] },
      { role: "assistant", content: "c" },
      { role: "assistant", content: "d" },
    ],
    tools: [{ type: "function", name: "look", description: null, parameters: null }],
    tool_choice: { type: "function", name: "look" },
    max_output_tokens: 9,
    reasoning: { effort: "low" },
    parallel_tool_calls: false,
  });
  assert.equal(asked?.system, "Be kind");
  assert.deepEqual(asked?.messages, [
    { role: "user", text: "a" },
    {
      role: "assistant",
      text: "b",
      reasoning: "thinking",
      toolCalls: [
        { id: "c1", tool: "look", argumentsJson: '{"at":1}' },
        { id: "c2", tool: "look", argumentsJson: "{}" },
      ],
    },
    { role: "tool", callId: "c1", tool: "look", text: "found", ok: true },
    { role: "tool", callId: "c2", tool: "look", text: "x", ok: true },
    { role: "assistant", text: "c", toolCalls: [] },
    { role: "assistant", text: "d", toolCalls: [] },
  ]);
  assert.equal(asked?.toolChoice, "required");
  assert.equal(asked?.maxTokens, 9);
  assert.equal(asked?.params?.["think"], "low");
  assert.equal(asked?.params?.["parallel_tool_calls"], false);
});

test("an image goes along as a data URL, also in a tool's result; its address is not fetched", async () => {
  const png =
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR4nGP4z8BQDwAEgAF/pooBPQAAAABJRU5ErkJggg==";
  const image = { type: "input_image", image_url: `data:image/png;base64,${png}`, detail: "auto" };
  const call = { type: "function_call", call_id: "c1", name: "look", arguments: "{}" };
  await post({
    input: [
      { role: "user", content: [image, { type: "input_text", text: "what is it?" }] },
      call,
      { type: "function_call_output", call_id: "c1", output: [image] },
    ],
  });
  const images = [{ mediaType: "image/png", name: "image", data: png }];
  assert.deepEqual(asked?.messages[0], { role: "user", text: "what is it?", images });
  assert.deepEqual(asked?.messages[2], {
    role: "tool",
    callId: "c1",
    tool: "look",
    text: "",
    ok: true,
    images,
  });
  const far = { ...image, image_url: "https://example.com/a.png" };
  assert.equal((await post({ input: [{ role: "user", content: [far] }] })).status, 400);
  const file = { type: "input_file", file_id: "f1" };
  assert.equal((await post({ input: [{ role: "user", content: [file] }] })).status, 400);
});

test("text.format with a schema forces the answer into it", async () => {
  const schema = { type: "object", properties: { a: { type: "string" } } };
  await post({ text: { format: { type: "json_schema", name: "x", schema, strict: true } } });
  assert.deepEqual(asked?.format, schema);
  await post({ text: { format: { type: "json_object" } } });
  assert.deepEqual(asked?.params?.["response_format"], { type: "json_object" });
});

test("previous_response_id goes on from an answer: what was said comes first, instructions do not", async () => {
  chat = says("one");
  const first = await post({ input: "first", instructions: "Only now" });
  chat = says("two");
  const second = await post({ input: "second", previous_response_id: first.json.id });
  chat = says("three");
  await post({ input: "third", previous_response_id: second.json.id, stream: true });
  assert.equal(asked?.system, "");
  assert.deepEqual(
    asked?.messages.map(({ text }) => text),
    ["first", "one", "second", "two", "third"],
  );
});

test("a reference to an item of a kept answer stands for the item", async () => {
  const first = await post({ input: "first" });
  const [item] = first.json.output;
  await post({
    input: [
      { role: "user", content: "a" },
      { type: "item_reference", id: item.id },
    ],
  });
  assert.deepEqual(asked?.messages[1], { role: "assistant", text: "Hi", toolCalls: [] });
  const none = await post({ input: [{ type: "item_reference", id: "msg_none" }] });
  assert.equal(none.status, 400);
  const stolen = await post({ input: [{ type: "item_reference", id: item.id }] }, gateway.keys.lee);
  assert.equal(stolen.status, 400);
});

test("store: false keeps nothing, and what failed is not kept", async () => {
  const { json } = await post({ store: false });
  assert.equal(json.store, false);
  assert.equal((await gateway.call("GET", `/v1/responses/${json.id}`)).status, 404);
  assert.equal((await post({ previous_response_id: json.id })).status, 404);
});

test("security: what a stored session says is kept in it alone, and goes with it", async () => {
  const headers = { "x-isopod-session": "notes" };
  const ask = (body: object) =>
    gateway.call("POST", "/v1/responses", { body: { input: "hello", ...body }, headers });
  const { json } = await ask({ store: true });
  assert.equal(json.output[0].content[0].text, "Hello there");
  assert.equal(json.store, false);
  assert.equal((await gateway.call("GET", `/v1/responses/${json.id}`)).status, 404);
  assert.equal((await ask({ previous_response_id: json.id })).status, 400);
});

test("security: another person's response is not there, to go on from, to read or to delete", async () => {
  const { json } = await post({ input: "my secret" });
  asked = undefined;
  const lee = gateway.keys.lee;
  const stolen = await post({ previous_response_id: json.id }, lee);
  const unknown = await post({ previous_response_id: `resp_${"0".repeat(32)}` }, lee);
  assert.deepEqual([stolen.status, stolen.json.error.code], [404, "NOT_FOUND"]);
  assert.equal(
    stolen.text.replaceAll(json.id, "ID"),
    unknown.text.replaceAll(/resp_0+/g, "ID"),
    "it is not even told apart from one that never was",
  );
  assert.equal(asked, undefined);
  for (const method of ["GET", "DELETE"]) {
    const answer = await gateway.call(method, `/v1/responses/${json.id}`, { as: lee });
    assert.equal(answer.status, 404);
  }
  const own = await gateway.call("DELETE", `/v1/responses/${json.id}`);
  assert.deepEqual(own.json, { id: json.id, object: "response", deleted: true });
  assert.equal((await post({ previous_response_id: json.id })).status, 404);
});

test("what cannot be done is refused with its field, what does not matter is passed over", async () => {
  for (const [body, field] of [
    [{ background: true }, "background"],
    [{ conversation: "c" }, "conversation"],
    [{ top_logprobs: 2 }, "top_logprobs"],
    [{ tools: [{ type: "web_search" }] }, "tools"],
    [{ input: [{ type: "computer_call" }] }, "input"],
    [{ input: 7 }, "input"],
    [{ model: "fake/model\r\nX-Evil: 1" }, "model"],
  ] as const) {
    const { status, json } = await post(body);
    assert.equal(status, 400, field);
    assert.match(json.error.message, new RegExp(`field "${field}`));
  }
  const include = ["reasoning.encrypted_content"];
  const more = { include, truncation: "auto", service_tier: "auto", user: "kim", anything: 1 };
  assert.equal((await post(more)).status, 200);
});
