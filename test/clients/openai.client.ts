/** The official openai package (https://github.com/openai/openai-node) against `/v1`. */

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { load, missing, SDKS } from "./packages.ts";
import { type Running, startGateway } from "./running.ts";

const MODEL = "ollama/qwen3:8b";
const messages = [{ role: "user", content: "What is the weather in Seoul?" }];
const parameters = {
  type: "object",
  properties: { city: { type: "string" } },
  required: ["city"],
  additionalProperties: false,
};
const call = { call: "weather", arguments: '{"city": "서울"}' };

describe("the openai package", { skip: missing(SDKS) }, () => {
  let gateway: Running;
  // What a package outside this repository gives has no types here.
  // eslint-disable-next-line typescript/no-explicit-any
  let client: any, OpenAI: any;

  before(async () => {
    gateway = await startGateway();
    ({ OpenAI } = load("openai"));
    const { baseUrl: baseURL, key: apiKey } = gateway;
    client = new OpenAI({ baseURL, apiKey, maxRetries: 0 });
  });
  after(() => gateway.stop());

  test("lists the models, agents first, and finds one by its id", async () => {
    const ids = [];
    for await (const { id } of client.models.list()) ids.push(id);
    assert.equal(ids[0], "isopod/main");
    assert.ok(ids.includes(MODEL));
    assert.equal(ids.at(-1), "ollama/nomic-embed-text:latest");
    assert.equal((await client.models.retrieve(MODEL)).owned_by, "ollama");
    await assert.rejects(client.models.retrieve("ollama/gone"), OpenAI.NotFoundError);
  });

  test("chats with an agent and with a model", async () => {
    gateway.play({ turns: [[{ text: "Sunny." }], [{ text: "Hello." }]] });
    const whole = await client.chat.completions.create({ model: MODEL, messages });
    assert.equal(whole.choices[0].message.content, "Sunny.");
    assert.deepEqual(whole.usage, { prompt_tokens: 12, completion_tokens: 5, total_tokens: 17 });
    const agent = await client.chat.completions.create({ model: "isopod/main", messages });
    assert.equal(agent.choices[0].message.content, "Hello.");
  });

  test("streams a chat, its usage and its reasoning, and its helper collects it", async () => {
    gateway.play({ otherwise: [{ reasoning: "hm" }, { text: "It is sunny in 서울 🌞" }] });
    const stream = client.chat.completions.stream({
      model: MODEL,
      messages,
      stream_options: { include_usage: true },
    });
    let text = "";
    for await (const chunk of stream) text += chunk.choices[0]?.delta.content ?? "";
    assert.equal(text, "It is sunny in 서울 🌞");
    const final = await stream.finalChatCompletion();
    assert.equal(final.choices[0].message.content, text);
    assert.equal(final.usage.total_tokens, 17);
  });

  test("runs its own tools to the end: two calls at once, their results, the answer", async () => {
    gateway.play({ turns: [[{ calls: [call, call] }], [{ text: "Sunny in both." }]] });
    const asked: string[] = [];
    const runner = client.chat.completions.runTools({
      model: MODEL,
      messages,
      stream: true,
      tools: [
        {
          type: "function",
          function: {
            name: "weather",
            parameters,
            parse: JSON.parse,
            function: ({ city }: { city: string }) => (asked.push(city), "sunny"),
          },
        },
      ],
    });
    assert.equal(await runner.finalContent(), "Sunny in both.");
    assert.deepEqual(asked, ["서울", "서울"]);
    const last = JSON.parse(gateway.ollama.chats().at(-1) ?? "") as { messages: object[] };
    assert.equal(last.messages.length, 4);
  });

  test("asks for a schema and parses what comes", async () => {
    gateway.play({ otherwise: [{ text: '{"city":"Seoul"}' }] });
    const completion = await client.chat.completions.parse({
      model: MODEL,
      messages,
      response_format: {
        type: "json_schema",
        json_schema: { name: "place", schema: parameters, strict: true },
      },
    });
    assert.equal(completion.choices[0].message.content, '{"city":"Seoul"}');
    const sent = JSON.parse(gateway.ollama.chats().at(-1) ?? "") as { format: unknown };
    assert.deepEqual(sent.format, parameters);
  });

  test("makes a response, goes on from it, reads and deletes it", async () => {
    gateway.play({ turns: [[{ text: "One." }], [{ text: "Two." }]] });
    const first = await client.responses.create({ model: MODEL, input: "first" });
    assert.equal(first.output_text, "One.");
    const next = { model: MODEL, input: "second", previous_response_id: first.id };
    assert.equal((await client.responses.create(next)).output_text, "Two.");
    const sent = JSON.parse(gateway.ollama.chats().at(-1) ?? "") as {
      messages: { content: string }[];
    };
    assert.deepEqual(
      sent.messages.map(({ content }) => content),
      ["first", "One.", "second"],
    );
    assert.equal((await client.responses.retrieve(first.id)).output_text, "One.");
    await client.responses.delete(first.id);
    await assert.rejects(client.responses.create(next), OpenAI.NotFoundError);
  });

  test("streams a response with a call, and its helper collects the same", async () => {
    gateway.play({ turns: [[{ text: "Let me see." }, call], [{ text: "Sunny." }]] });
    const tools = [{ type: "function", name: "weather", parameters, strict: true }];
    const stream = client.responses.stream({ model: MODEL, input: "the weather?", tools });
    const types = new Set<string>();
    let text = "";
    for await (const event of stream) {
      types.add(event.type);
      if (event.type === "response.output_text.delta") text += event.delta;
    }
    assert.equal(text, "Let me see.");
    for (const type of ["response.created", "response.function_call_arguments.delta"]) {
      assert.ok(types.has(type), type);
    }
    const final = await stream.finalResponse();
    const [message, asked] = final.output;
    assert.equal(message.content[0].text, text);
    assert.deepEqual(JSON.parse(asked.arguments), { city: "서울" });
    const result = { type: "function_call_output", call_id: asked.call_id, output: "sunny" };
    const second = await client.responses.create({
      model: MODEL,
      previous_response_id: final.id,
      input: [result],
      tools,
    });
    assert.equal(second.output_text, "Sunny.");
  });

  test("makes embeddings, packed as it asks for them by itself, and as floats", async () => {
    const model = "ollama/nomic-embed-text";
    for (const encoding_format of [undefined, "float"]) {
      const { data, usage } = await client.embeddings.create({
        model,
        input: ["a", "b"],
        encoding_format,
      });
      assert.deepEqual(
        data.map(({ embedding }: { embedding: number[] }) => [...embedding]),
        [
          [0.25, -0.5, 1],
          [0.125, 2, -3],
        ],
      );
      assert.equal(usage.total_tokens, 4);
    }
    await assert.rejects(
      client.embeddings.create({ model: "embedded/demo", input: "a" }),
      /MODEL_WITHOUT_EMBEDDINGS: .*isopod models pull/,
    );
  });

  test("throws its own errors, whose message has code and fix", async () => {
    const stranger = new OpenAI({ baseURL: gateway.baseUrl, apiKey: "wrong", maxRetries: 0 });
    await assert.rejects(stranger.models.list(), OpenAI.AuthenticationError);
    await assert.rejects(
      client.chat.completions.create({ model: "ollama/qwen3:9b", messages }),
      (error: { status: number; code: string; message: string }) => {
        assert.deepEqual([error.status, error.code], [404, "MODEL_MISSING"]);
        assert.match(error.message, /MODEL_MISSING: .*Did you mean "qwen3:8b"/);
        return true;
      },
    );
    await assert.rejects(
      client.chat.completions.create({ model: MODEL, messages, n: 2 }),
      OpenAI.BadRequestError,
    );
  });

  test("a stream that breaks at the model's server throws in the client", async () => {
    gateway.play({ otherwise: [{ text: "Half of it" }, { cut: true }] });
    const chat = await client.chat.completions.create({ model: MODEL, messages, stream: true });
    await assert.rejects(async () => {
      for await (const _ of chat);
    }, /MODEL_STREAM_CUT/);
    const response = await client.responses.create({ model: MODEL, input: "a", stream: true });
    let last;
    for await (const event of response) last = event;
    assert.equal(last.type, "response.failed");
    assert.match(last.response.error.message, /MODEL_STREAM_CUT/);
  });

  test("aborting ends the work at the model's server", async () => {
    gateway.play({ otherwise: [{ text: "On and on" }, { hang: true }] });
    for (const start of [
      () => client.chat.completions.create({ model: MODEL, messages, stream: true }),
      () => client.responses.create({ model: MODEL, input: "a", stream: true }),
    ]) {
      const stream = await start();
      for await (const _ of stream) break;
      stream.controller.abort();
      while (gateway.ollama.running.now > 0) await new Promise((done) => setImmediate(done));
    }
  });
});
