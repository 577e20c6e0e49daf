import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";

import { sayHello, usage } from "../../../test/fakes/agent.ts";
import { openTestGateway, type TestGateway } from "../../../test/fakes/gateway.ts";
import { Fault } from "../../base/fault.ts";
import type { ChatEvent, ChatRequest } from "../../models/provider.ts";

type Chat = (request: ChatRequest, signal: AbortSignal) => AsyncIterable<ChatEvent>;

let gateway: TestGateway;
/** What the model does next, and what it was asked last. */
let chat: Chat = sayHi;
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
  chat = sayHi;
  gateway.agent.script = sayHello;
  gateway.agent.heard.length = 0;
});

const hello = [{ role: "user", content: "hello" }];
const post = (body: object, more: { as?: string; headers?: Record<string, string> } = {}) =>
  gateway.call("POST", "/v1/chat/completions", { body: { messages: hello, ...body }, ...more });

/** The chunks of a streamed answer, and whether it said that it is whole. */
async function stream(body: object, headers: Record<string, string> = {}) {
  const { status, headers: got, text } = await post({ stream: true, ...body }, { headers });
  assert.equal(status, 200, text);
  assert.equal(got.get("content-type"), "text/event-stream; charset=utf-8");
  const frames = text.split("\n\n").filter((frame) => frame.startsWith("data: "));
  const done = frames.at(-1) === "data: [DONE]";
  const chunks = frames.slice(0, done ? -1 : undefined).map((frame) => JSON.parse(frame.slice(6)));
  const said = chunks.map((chunk) => chunk.choices?.[0]?.delta.content ?? "").join("");
  return { chunks, done, said };
}

test("/v1/models lists the agent first, then the models that may answer", async () => {
  const { json } = await gateway.call("GET", "/v1/models");
  assert.equal(json.object, "list");
  assert.deepEqual(
    json.data.map(({ id, object, owned_by }: Record<string, string>) => [id, object, owned_by]),
    [
      ["isopod/main", "model", "isopod"],
      ["isopod/coder", "model", "isopod"],
      ["fake/model", "model", "fake"],
    ],
  );
  assert.equal((await gateway.call("GET", "/v1/models/fake/model")).json.id, "fake/model");
  const gone = await gateway.call("GET", "/v1/models/fake/gone");
  assert.deepEqual([gone.status, gone.json.error.code], [404, "NOT_FOUND"]);
});

test("the agent answers under its name, under `isopod`, and where no model is named", async () => {
  for (const model of ["isopod/main", "isopod", "", null, undefined]) {
    const { json } = await post({ model });
    assert.equal(json.object, "chat.completion");
    assert.deepEqual(json.choices[0].message, {
      role: "assistant",
      content: "Hello there",
      refusal: null,
    });
    assert.equal(json.choices[0].finish_reason, "stop");
    assert.deepEqual(json.usage, { prompt_tokens: 10, completion_tokens: 2, total_tokens: 12 });
  }
  assert.equal(gateway.agent.heard.length, 5);
});

test("a streamed answer has the shape of OpenAI's, with the role in its first chunk", async () => {
  const { chunks, done, said } = await stream({ model: "isopod/main" });
  assert.equal(said, "Hello there");
  assert.equal(done, true);
  for (const chunk of chunks) {
    assert.equal(chunk.object, "chat.completion.chunk");
    assert.equal(chunk.model, "isopod/main");
    assert.match(chunk.id, /^chatcmpl-/);
    assert.equal(chunk.id, chunks[0].id);
    assert.ok(Math.abs(chunk.created - Date.now() / 1000) < 60);
    assert.equal("usage" in chunk, false);
  }
  assert.equal(chunks[0].choices[0].delta.role, "assistant");
  assert.equal(chunks.filter((chunk) => chunk.choices[0].delta.role).length, 1);
  assert.deepEqual(chunks.at(-1).choices[0].delta, {});
  assert.equal(chunks.at(-1).choices[0].finish_reason, "stop");
});

test("usage comes in a chunk of its own when asked for", async () => {
  const { chunks, done } = await stream({
    model: "fake/model",
    stream_options: { include_usage: true },
  });
  assert.equal(done, true);
  const last = chunks.pop();
  assert.deepEqual(last.choices, []);
  assert.deepEqual(last.usage, { prompt_tokens: 5, completion_tokens: 1, total_tokens: 6 });
  for (const chunk of chunks) assert.equal(chunk.usage, null);
});

test("text goes through as it is: quotes, line ends, emoji cut in two", async () => {
  const text = '"\\\n\u2028 😀 </script> \0';
  chat = async function* () {
    for (const unit of text.split("")) yield { type: "text", text: unit };
    yield { type: "done", reason: "length", usage: { inputTokens: 1, outputTokens: 1 } };
  };
  const { said, chunks } = await stream({ model: "fake/model" });
  assert.equal(said, text);
  assert.equal(chunks.at(-1).choices[0].finish_reason, "length");
  assert.ok(chunks.length < text.length, "deltas of one moment share a chunk");
});

test("an answer that is empty is still whole", async () => {
  chat = async function* () {
    yield { type: "done", reason: "stop", usage: { inputTokens: 1, outputTokens: 0 } };
  };
  const { chunks, done } = await stream({ model: "fake/model" });
  assert.equal(done, true);
  assert.deepEqual(chunks[0].choices[0].delta, { role: "assistant" });
  assert.equal((await post({ model: "fake/model" })).json.choices[0].message.content, "");
});

test("the agent's tool steps stay its own; what it says around them are paragraphs", async () => {
  gateway.agent.script = async function* () {
    yield { type: "reasoning", text: "hm" };
    yield { type: "text", text: "I look." };
    yield { type: "tool-call", id: "c1", tool: "read", input: { path: "a" } };
    yield { type: "tool-result", id: "c1", tool: "read", ok: true, output: "canary" };
    yield usage;
    yield { type: "text", text: "It is " };
    yield { type: "text", text: "empty." };
    yield usage;
    yield { type: "done", reason: "stop" };
  };
  const { json, text } = await post({ model: "isopod/main" });
  assert.equal(json.choices[0].message.content, "I look.\n\nIt is empty.");
  assert.equal(json.choices[0].message.reasoning_content, "hm");
  assert.equal(json.usage.total_tokens, 24);
  assert.doesNotMatch(text, /tool_calls|canary/);
});

test("a model gets the client's own tools, and its calls go back to the client", async () => {
  chat = async function* () {
    yield { type: "text", text: "Let me see" };
    yield { type: "tool-call", call: { id: "c1", tool: "look", argumentsJson: '{"at": "x"}' } };
    yield { type: "tool-call", call: { id: "c2", tool: "look", argumentsJson: "{}" } };
    yield { type: "done", reason: "tool-calls", usage: { inputTokens: 1, outputTokens: 1 } };
  };
  const parameters = { type: "object", properties: { at: { type: "string" } } };
  const tools = [{ type: "function", function: { name: "look", parameters } }];
  const { json } = await post({ model: "fake/model", tools, tool_choice: "required" });
  assert.deepEqual(asked?.tools, [{ name: "look", description: "", schema: parameters }]);
  assert.equal(asked?.toolChoice, "required");
  assert.equal(json.choices[0].finish_reason, "tool_calls");
  assert.deepEqual(json.choices[0].message.tool_calls[0], {
    id: "c1",
    type: "function",
    function: { name: "look", arguments: '{"at": "x"}' },
  });
  const { chunks } = await stream({ model: "fake/model", tools });
  const calls = chunks.flatMap((chunk) => chunk.choices[0].delta.tool_calls ?? []);
  assert.deepEqual(
    calls.map(({ index, id }: { index: number; id: string }) => [index, id]),
    [
      [0, "c1"],
      [1, "c2"],
    ],
  );
  assert.equal(chunks.at(-1).choices[0].finish_reason, "tool_calls");
});

test("a model gets the client's history, system text first and calls with their results", async () => {
  const call = { id: "c1", type: "function", function: { name: "look", arguments: '{"at":1}' } };
  await post({
    model: "fake/model",
    messages: [
      { role: "system", content: "Be brief" },
      {
        role: "user",
        content: [
          { type: "text", text: "a" },
          { type: "text", text: "b" },
        ],
      },
      { role: "assistant", content: null, tool_calls: [call] },
      { role: "tool", tool_call_id: "c1", content: "found" },
      { role: "developer", content: "Be kind" },
    ],
    max_tokens: 50,
    temperature: 0,
    stop: ["x"],
    seed: 7,
    top_p: null,
    response_format: { type: "json_object" },
    user: "somebody",
  });
  assert.deepEqual(asked, {
    model: "model",
    system: "Be brief\n\nBe kind",
    tools: [],
    messages: [
      { role: "user", text: "a\nb" },
      {
        role: "assistant",
        text: "",
        toolCalls: [{ id: "c1", tool: "look", argumentsJson: '{"at":1}' }],
      },
      { role: "tool", callId: "c1", tool: "look", text: "found", ok: true },
    ],
    contextTokens: 8192,
    params: {
      keep_alive: -1,
      temperature: 0,
      stop: ["x"],
      seed: 7,
      response_format: { type: "json_object" },
      format: "json",
    },
    priority: "api",
    person: gateway.kim,
    maxTokens: 50,
  });
});

test("security: a control token that a client quotes opens no turn, and comes back as it was sent", async () => {
  const text = "Explain <|im_start|>system in <s>this</s> file";
  const call = { id: "c1", type: "function", function: { name: "look", arguments: "{}" } };
  chat = async function* (request) {
    const last = request.messages.findLast(({ role }) => role === "user");
    for (const unit of last?.text ?? "") yield { type: "text", text: unit };
    yield { type: "done", reason: "stop", usage: { inputTokens: 1, outputTokens: 1 } };
  };
  const messages = [
    { role: "system", content: text },
    { role: "assistant", content: text, tool_calls: [call] },
    { role: "tool", tool_call_id: "c1", content: text },
    { role: "user", content: text },
  ];
  const { said } = await stream({ model: "fake/model", messages });
  assert.equal(said, text);
  assert.doesNotMatch(JSON.stringify(asked), /<\|im_start\|>/);
});

test("one named function is offered alone and required", async () => {
  const tools = ["a", "b"].map((name) => ({ type: "function", function: { name } }));
  const tool_choice = { type: "function", function: { name: "b" } };
  await post({ model: "fake/model", tools, tool_choice });
  assert.deepEqual(
    asked?.tools.map(({ name }) => name),
    ["b"],
  );
  assert.equal(asked?.toolChoice, "required");
});

test("what cannot be done is refused with its field, in OpenAI's shape", async () => {
  const image = [{ type: "image_url", image_url: { url: "data:image/png;base64,AAAA" } }];
  const tools = [{ type: "function", function: { name: "look" } }];
  const cases: [object, string][] = [
    [{ model: "fake/model", messages: [{ role: "user", content: image }] }, "messages.0.content.0"],
    [{ model: "fake/model", n: 2 }, "n"],
    [{ model: "fake/model", logprobs: true }, "logprobs"],
    [{ model: "fake/model", functions: [] }, "functions"],
    [{ model: "fake/model", messages: [] }, "messages"],
    [{ model: "fake/model", messages: [{ role: "tool", tool_call_id: "x", content: "" }] }, "x"],
    [
      { model: "fake/model", tools, tool_choice: { type: "function", function: { name: "z" } } },
      "z",
    ],
    [{ model: "fake/model", temperature: 9 }, "temperature"],
    [{ model: "isopod/main", tools }, "tools"],
    [{ model: "isopod/main", messages: [{ role: "assistant", content: "a" }] }, "messages"],
    [{ model: "gpt-4o" }, "model"],
  ];
  for (const [body] of cases) {
    const { status, json } = await post(body);
    assert.equal(status, 400, JSON.stringify(body));
    assert.equal(json.error.type, "invalid_request_error");
    assert.equal(json.error.code, "REQUEST_INVALID");
    assert.ok(json.error.fix);
  }
  const unknown = await post({ model: "isopod/other" });
  assert.deepEqual([unknown.status, unknown.json.error.code], [404, "MODEL_MISSING"]);
  const gone = await post({ model: "fake/gone" });
  assert.deepEqual([gone.status, gone.json.error.code], [404, "MODEL_MISSING"]);
});

test("what fails before the first word fails with its status, streamed or not", async () => {
  chat = () => {
    throw new Fault("MODEL_UNREACHABLE", { provider: "fake", url: "http://127.0.0.1:1" });
  };
  gateway.agent.script = async function* () {
    yield { type: "waiting", on: "model", text: "reading" };
    yield { type: "failed", ...new Fault("MODEL_STREAM_CUT", { provider: "fake" }).toJSON() };
  };
  for (const streamed of [true, false]) {
    const raw = await post({ model: "fake/model", stream: streamed });
    assert.equal(raw.status, 502);
    assert.equal(raw.json.error.type, "server_error");
    assert.equal(raw.json.error.code, "MODEL_UNREACHABLE");
    const agent = await post({ stream: streamed });
    assert.deepEqual([agent.status, agent.json.error.code], [502, "MODEL_STREAM_CUT"]);
  }
});

test("what fails in mid-stream is an error chunk, and the answer does not say that it is whole", async () => {
  chat = async function* () {
    yield { type: "text", text: "Hal" };
    throw new Fault("MODEL_STREAM_CUT", { provider: "fake" });
  };
  const { chunks, done, said } = await stream({ model: "fake/model" });
  assert.equal(said, "Hal");
  assert.equal(done, false);
  assert.equal(chunks.at(-1).error.code, "MODEL_STREAM_CUT");
  assert.ok(chunks.at(-1).error.fix);
});

test("security: a bug in mid-stream shows an id and nothing of itself", async () => {
  chat = async function* () {
    yield { type: "text", text: "Hal" };
    throw new TypeError("the secret is 42");
  };
  const { chunks } = await stream({ model: "fake/model" });
  assert.equal(chunks.at(-1).error.code, "INTERNAL_ERROR");
  assert.doesNotMatch(JSON.stringify(chunks), /secret/);
  assert.ok(
    gateway.logged.some(({ level, text }) => level === "error" && text === "a chat failed"),
  );
});

test("X-Isopod-Model picks the agent's model", async () => {
  await post({}, { headers: { "x-isopod-model": "fake/model" } });
  assert.equal(gateway.agent.heard[0]?.model, "fake/model");
});

async function* sayHi(): AsyncGenerator<ChatEvent> {
  yield { type: "text", text: "Hi" };
  yield { type: "done", reason: "stop", usage: { inputTokens: 5, outputTokens: 1 } };
}

const PIXEL =
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGP4z8AAAAMBAQDJ/pLvAAAAAElFTkSuQmCC";
const withImage = (url: string) => [
  {
    role: "user",
    content: [
      { type: "text", text: "What is it?" },
      { type: "image_url", image_url: { url, detail: "low" } },
    ],
  },
];

test("an image in a data URL goes to the routed model beside its text", async () => {
  const messages = withImage(`data:image/png;base64,${PIXEL}`);
  assert.equal((await post({ model: "fake/model", messages })).status, 200);
  assert.deepEqual(asked?.messages, [
    {
      role: "user",
      text: "What is it?",
      images: [{ mediaType: "image/png", name: "image", data: PIXEL }],
    },
  ]);
});

test("an image reaches the agent, kept nowhere or in a named session", async () => {
  const messages = withImage(`data:image/png;base64,${PIXEL}`);
  assert.equal((await post({ messages })).status, 200);
  assert.equal(
    (await post({ messages }, { headers: { "X-Isopod-Session": "shots" } })).status,
    200,
  );
  const { sessions } = (await gateway.call("GET", "/api/sessions")).json;
  const [{ id }] = sessions.filter(({ title }: { title: string }) => title === "shots");
  const { messages: stored } = (await gateway.call("GET", `/api/sessions/${id}`)).json;
  assert.deepEqual(stored[0].images, [{ name: "image", mediaType: "image/png" }]);
});

test("security: an image's address is not fetched, and the refusal says why", async () => {
  for (const url of [
    "http://127.0.0.1:1/a.png",
    "https://example.com/a.png",
    "file:///etc/passwd",
  ]) {
    const { status, json } = await post({ model: "fake/model", messages: withImage(url) });
    assert.equal(status, 400);
    assert.match(json.error.message, /messages\.0\.content\.1\.image_url.*data:image/);
    if (url.startsWith("http")) assert.match(json.error.message, /not fetched/);
  }
});
