/** What strangers may send to `/v1`: whatever it is, the answer is a fault of theirs and never a bug of ours. */

import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import fc from "fast-check";

import { openTestGateway, type TestGateway } from "../../../test/fakes/gateway.ts";
import { MAX_JSON_DEPTH } from "../../base/json.ts";

let gateway: TestGateway;
before(async () => {
  gateway = await openTestGateway({
    embed: async ({ texts }) => ({ vectors: texts.map(() => [1]), inputTokens: 1 }),
  });
});
after(() => gateway.close());

const parameters = { type: "object", properties: {} };
const messages = [{ role: "user", content: [{ type: "text", text: "hello" }] }];
const tools = [{ type: "function", function: { name: "look", parameters } }];

/** A body for each path that every field of which is looked at. */
const BODIES: Record<string, Record<string, unknown>> = {
  "/v1/chat/completions": {
    model: "fake/model",
    messages,
    tools,
    tool_choice: "auto",
    stream_options: { include_usage: true },
    response_format: { type: "json_schema", json_schema: { schema: parameters } },
    stop: ["x"],
    metadata: {},
    reasoning_effort: "low",
  },
  "/v1/responses": {
    model: "fake/model",
    input: [
      { role: "user", content: [{ type: "input_text", text: "hello" }] },
      { type: "function_call", call_id: "c1", name: "look", arguments: "{}" },
      { type: "function_call_output", call_id: "c1", output: "found" },
    ],
    instructions: "Be brief",
    tools: [{ type: "function", name: "look", parameters }],
    tool_choice: "auto",
    text: { format: { type: "json_schema", name: "x", schema: parameters } },
    reasoning: { effort: "low" },
    metadata: { a: "b" },
  },
  "/v1/embeddings": { model: "fake/model", input: ["a"], dimensions: 1, encoding_format: "float" },
};

const bugs = () => gateway.logged.filter(({ level }) => level === "error");

/** A body as text, for what JSON.stringify cannot write. */
async function postText(path: string, body: string) {
  const authorization = `Bearer ${gateway.keys.kim}`;
  const headers = { authorization, "content-type": "application/json" };
  const response = await fetch(gateway.url + path, { method: "POST", headers, body });
  return { status: response.status, text: await response.text() };
}

test("the bodies themselves are well", async () => {
  for (const [path, body] of Object.entries(BODIES)) {
    const { status, text } = await gateway.call("POST", path, { body });
    assert.equal(status, 200, text);
  }
});

test("security: a body nested deeper than anything real is refused, wherever it nests", async () => {
  const nested = (levels: number) => `${'{"a":'.repeat(levels)}1${"}".repeat(levels)}`;
  for (const path of [...Object.keys(BODIES), "/api/sessions"]) {
    for (const levels of [MAX_JSON_DEPTH, 3_000, 100_000]) {
      const body = JSON.stringify({ ...BODIES[path], metadata: 0, more: "@", tools: null });
      const { status, text } = await postText(path, body.replace('"@"', nested(levels)));
      assert.equal(status, 400, `${path} ${levels}`);
      assert.match(text, /nested deeper than 128 levels/);
    }
  }
  const schema = `{"type":"object","properties":${nested(100)}}`;
  const body = JSON.stringify({ ...BODIES["/v1/chat/completions"], tools: "@" });
  const tool = `[{"type":"function","function":{"name":"look","parameters":${schema}}}]`;
  assert.equal((await postText("/v1/chat/completions", body.replace('"@"', tool))).status, 200);
  assert.deepEqual(bugs(), []);
});

test("security: a body beyond the limit is refused before it is read, on every path", async () => {
  for (const path of Object.keys(BODIES)) {
    const large = JSON.stringify({ ...BODIES[path], more: "x".repeat(20 * 1024 * 1024) });
    const { status, text } = await postText(path, large);
    assert.equal(status, 413, path);
    assert.match(text, /20,971,520/);
  }
});

test("security: a model's name cannot end a line of an answer, a header or the log", async () => {
  for (const [path, body] of Object.entries(BODIES)) {
    for (const evil of ["\r\nX-Evil: 1", "\n\ndata: [DONE]", "\0", "\u001B[2J", "\u0085"]) {
      const model = `fake/model${evil}`;
      const answer = await gateway.call("POST", path, { body: { ...body, model, stream: true } });
      assert.equal(answer.status, 400, path);
      assert.match(answer.json.error.message, /field "model": must be a name without control/);
      assert.equal(answer.headers.get("x-evil"), null);
    }
  }
  const encoded = encodeURIComponent("fake/model\r\nX-Evil: 1");
  const got = await gateway.call("GET", `/v1/models/${encoded}`);
  assert.deepEqual([got.status, got.headers.get("x-evil")], [404, null]);
});

for (const [path, body] of Object.entries(BODIES)) {
  test(`security: any value in any field of ${path} is taken or refused, and is no bug`, async () => {
    const field = fc.constantFrom(...Object.keys(body), "stream", "store", "n", "__proto__");
    await fc.assert(
      fc.asyncProperty(field, fc.jsonValue({ maxDepth: 4 }), async (name, value) => {
        const changed = `${JSON.stringify(body).slice(0, -1)},${JSON.stringify(name)}:${JSON.stringify(value)}}`;
        const { status, text } = await postText(path, changed);
        assert.ok(status < 500, `${status} ${text}`);
      }),
      { numRuns: 60 },
    );
    assert.deepEqual(bugs(), []);
  });
}
