import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";

import { openTestGateway, type TestGateway } from "../../../test/fakes/gateway.ts";
import type { EmbedRequest } from "../../models/provider.ts";

let gateway: TestGateway;
let plain: TestGateway;
let asked: EmbedRequest[] = [];

before(async () => {
  gateway = await openTestGateway({
    embed: async (request) => {
      asked.push(request);
      const vectors = request.texts.map((text) => [text.length, -0.5, 1e-3]);
      return { vectors, inputTokens: request.texts.length };
    },
  });
  plain = await openTestGateway();
});
after(async () => {
  await gateway.close();
  await plain.close();
});
beforeEach(() => {
  asked = [];
});

const post = (body: object) =>
  gateway.call("POST", "/v1/embeddings", { body: { model: "fake/model", ...body } });

test("texts come back as vectors, each under its index", async () => {
  const { json } = await post({ input: ["a", "bcd"], user: "kim", dimensions: 3 });
  assert.deepEqual(json, {
    object: "list",
    data: [
      { object: "embedding", index: 0, embedding: [1, -0.5, 0.001] },
      { object: "embedding", index: 1, embedding: [3, -0.5, 0.001] },
    ],
    model: "fake/model",
    usage: { prompt_tokens: 2, total_tokens: 2 },
  });
  assert.deepEqual(asked, [
    {
      model: "model",
      texts: ["a", "bcd"],
      contextTokens: 8192,
      params: { keep_alive: -1 },
      person: gateway.kim,
      priority: "api",
      dimensions: 3,
    },
  ]);
  assert.equal((await post({ input: "one text" })).json.data.length, 1);
});

test("base64 is the same numbers as 32-bit floats", async () => {
  const { json } = await post({ input: "abcd", encoding_format: "base64" });
  const bytes = Buffer.from(json.data[0].embedding, "base64");
  assert.equal(bytes.length, 12);
  assert.deepEqual(
    [0, 4, 8].map((at) => bytes.readFloatLE(at)),
    [4, -0.5, Math.fround(1e-3)],
  );
});

test("many texts go to the server in batches, between which others may go first", async () => {
  const input = Array.from({ length: 70 }, (_, index) => "x".repeat(index + 1));
  const { json } = await post({ input });
  assert.deepEqual(
    asked.map(({ texts }) => texts.length),
    [32, 32, 6],
  );
  assert.deepEqual(
    json.data.map(({ embedding }: { embedding: number[] }) => embedding[0]),
    input.map((text) => text.length),
  );
  assert.equal(json.usage.total_tokens, 70);
});

test("what is no text is refused with its field, and nothing is asked", async () => {
  for (const input of [[1, 2, 3], [[1]], "", [], ["a", ""], Array(2049).fill("a"), null]) {
    const { status, json } = await post({ input });
    assert.equal(status, 400);
    assert.match(json.error.message, /^REQUEST_INVALID: .*field "input/);
  }
  assert.match((await post({ input: [1] })).json.error.message, /one tokenizer's own/);
  const agent = await post({ model: "isopod/main", input: "a" });
  assert.match(agent.json.error.message, /an agent makes no embeddings/);
  assert.equal((await post({ model: "fake/gone", input: "a" })).json.error.code, "MODEL_MISSING");
  assert.deepEqual(asked, []);
});

test("a model that makes none says so, and what to do", async () => {
  const body = { model: "fake/model", input: "a" };
  const { status, json } = await plain.call("POST", "/v1/embeddings", { body });
  assert.deepEqual([status, json.error.code], [422, "MODEL_WITHOUT_EMBEDDINGS"]);
  assert.match(json.error.message, /isopod models pull nomic-embed-text/);
});
