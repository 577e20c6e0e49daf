import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";

import { openTestGateway, type TestGateway } from "../../../test/fakes/gateway.ts";
import type { ChatEvent, ChatRequest } from "../../models/provider.ts";

let gateway: TestGateway;
let asked: ChatRequest | undefined;
let calls = 0;

before(async () => {
  gateway = await openTestGateway({
    async *chat(request): AsyncGenerator<ChatEvent> {
      asked = request;
      for (let made = 0; made < calls; made++) {
        const call = { id: `c${made}`, tool: "look", argumentsJson: "{}" };
        yield { type: "tool-call", call };
      }
      yield { type: "done", reason: "tool-calls", usage: { inputTokens: 1, outputTokens: 1 } };
    },
  });
});
after(() => gateway.close());
beforeEach(() => {
  asked = undefined;
  calls = 0;
});

const messages = [{ role: "user", content: "hello" }];
const post = (body: object) =>
  gateway.call("POST", "/v1/chat/completions", {
    body: { model: "fake/model", messages, ...body },
  });
const toolOf = (name: string) => ({ type: "function", function: { name } });
const schema = { type: "object", properties: { a: { type: "string" } } };
const response_format = { type: "json_schema", json_schema: { name: "x", schema, strict: true } };

test("parallel_tool_calls: false hands on one call, also where a server makes several", async () => {
  calls = 3;
  const tools = [toolOf("look")];
  const one = await post({ tools, parallel_tool_calls: false });
  assert.equal(one.json.choices[0].message.tool_calls.length, 1);
  assert.equal(asked?.params?.["parallel_tool_calls"], false);
  const all = await post({ tools, parallel_tool_calls: true });
  assert.equal(all.json.choices[0].message.tool_calls.length, 3);
});

test("tool_choice may allow some of the tools, or name one", async () => {
  const tools = [toolOf("look"), toolOf("touch"), toolOf("smell")];
  const named = { mode: "auto", tools: [toolOf("look"), toolOf("smell")] };
  await post({ tools, tool_choice: { type: "allowed_tools", allowed_tools: named } });
  assert.deepEqual(
    asked?.tools.map(({ name }) => name),
    ["look", "smell"],
  );
  assert.equal(asked?.toolChoice, "auto");
  await post({ tools, tool_choice: toolOf("touch") });
  assert.deepEqual(
    [asked?.tools.map(({ name }) => name), asked?.toolChoice],
    [["touch"], "required"],
  );
  assert.equal((await post({ tools, tool_choice: toolOf("fly") })).status, 400);
});

test("a schema for the answer is forced by each dialect in its way; beside tools it goes as it is", async () => {
  await post({ response_format });
  assert.deepEqual(asked?.format, schema);
  assert.equal(asked?.params?.["response_format"], undefined);
  await post({ response_format, tools: [toolOf("look")] });
  assert.equal(asked?.format, undefined);
  assert.deepEqual(asked?.params?.["response_format"], response_format);
  await post({ response_format: { type: "text" } });
  assert.equal(asked?.params?.["response_format"], undefined);
});

test("reasoning_effort says how hard to think", async () => {
  await post({ reasoning_effort: "low" });
  assert.equal(asked?.params?.["think"], "low");
  await post({ reasoning_effort: null });
  assert.equal(asked?.params?.["think"], undefined);
});

test("what would change the answer and cannot be done is refused with its field", async () => {
  for (const [body, field] of [
    [{ n: 2 }, "n"],
    [{ logprobs: true }, "logprobs"],
    [{ top_logprobs: 3 }, "top_logprobs"],
    [{ functions: [] }, "functions"],
    [{ function_call: "auto" }, "function_call"],
    [{ modalities: ["text", "audio"] }, "modalities"],
    [{ tools: [{ type: "custom", custom: { name: "x" } }] }, "tools"],
  ] as const) {
    const { status, json } = await post(body);
    assert.deepEqual([status, json.error.type], [400, "invalid_request_error"], field);
    assert.match(json.error.message, new RegExp(`^REQUEST_INVALID: .*field "${field}`));
  }
  assert.equal(asked, undefined);
});

test("what does not matter is passed over", async () => {
  const { status } = await post({
    n: 1,
    logprobs: false,
    user: "kim",
    metadata: { a: "b" },
    store: true,
    service_tier: "auto",
    prediction: { type: "content", content: "x" },
    web_search_options: {},
    modalities: ["text"],
    anything: [1],
    tools: [{ type: "function", function: { name: "look", description: null, parameters: null } }],
  });
  assert.equal(status, 200);
  assert.deepEqual(asked?.tools[0], {
    name: "look",
    description: "",
    schema: { type: "object", properties: {} },
  });
});
