/**
 * The Vercel AI SDK against `/v1`: with its provider for OpenAI-compatible servers, and with the one for OpenAI
 * itself, which speaks the Responses API and names kept items by their ids.
 */

import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";

import { load, missing, SDKS } from "./packages.ts";
import { type Running, startGateway } from "./running.ts";

describe("the Vercel AI SDK", { skip: missing(SDKS) }, () => {
  let gateway: Running;
  // What packages outside this repository give has no types here.
  // eslint-disable-next-line typescript/no-explicit-any
  let ai: any, provider: any, openai: any, z: any;

  before(async () => {
    gateway = await startGateway();
    ai = load("ai");
    ({ z } = load("zod"));
    const { createOpenAI } = load("@ai-sdk/openai");
    openai = createOpenAI({ baseURL: gateway.baseUrl, apiKey: gateway.key });
    const { createOpenAICompatible } = load("@ai-sdk/openai-compatible");
    provider = createOpenAICompatible({
      name: "isopod",
      baseURL: gateway.baseUrl,
      apiKey: gateway.key,
      includeUsage: true,
      supportsStructuredOutputs: true,
    });
  });
  after(() => gateway.stop());

  const weather = () =>
    ai.tool({
      description: "The weather of a city",
      inputSchema: z.object({ city: z.string() }),
      execute: async ({ city }: { city: string }) => `sunny in ${city}`,
    });

  test("generateText asks an agent and a model", async () => {
    gateway.play({ otherwise: [{ reasoning: "hm" }, { text: "Hello." }] });
    for (const model of ["isopod/main", "ollama/qwen3:8b"]) {
      const { text, usage } = await ai.generateText({ model: provider(model), prompt: "hello" });
      assert.equal(text, "Hello.");
      assert.ok(usage.totalTokens > 0);
    }
  });

  test("streamText streams, and runs its tools to the end", async () => {
    gateway.play({
      turns: [
        [{ text: "Let me see." }, { call: "weather", arguments: '{"city": "서울"}' }],
        [{ text: "It is sunny." }],
      ],
    });
    const result = ai.streamText({
      model: provider("ollama/qwen3:8b"),
      prompt: "the weather in Seoul?",
      tools: { weather: weather() },
      stopWhen: ai.isStepCount(3),
    });
    let text = "";
    for await (const delta of result.textStream) text += delta;
    assert.equal(text, "Let me see.It is sunny.");
    const steps = await result.steps;
    assert.equal(steps.length, 2);
    assert.deepEqual(steps[0].toolResults[0].output, "sunny in 서울");
    assert.equal((await result.usage).outputTokens, 10, "of both steps");
  });

  test("the provider for OpenAI runs tools over the Responses API, with references to what is kept", async () => {
    gateway.play({
      turns: [
        [
          { reasoning: "hm" },
          { text: "Let me see." },
          { call: "weather", arguments: '{"city":"서울"}' },
        ],
        [{ text: "It is sunny." }],
      ],
    });
    const { text, steps } = await ai.generateText({
      model: openai("ollama/qwen3:8b"),
      prompt: "the weather in Seoul?",
      tools: { weather: weather() },
      stopWhen: ai.isStepCount(3),
    });
    assert.equal(text, "It is sunny.");
    assert.equal(steps.length, 2);
    const sent = JSON.parse(gateway.ollama.chats().at(-1) ?? "") as {
      messages: { role: string; content: string; thinking?: string }[];
    };
    assert.deepEqual(
      sent.messages.map(({ role, content, thinking }) => [role, content, thinking]),
      [
        ["user", "the weather in Seoul?", undefined],
        ["assistant", "Let me see.", "hm"],
        ["tool", "sunny in 서울", undefined],
      ],
    );
  });

  test("an object of a schema is asked for and read", async () => {
    gateway.play({ otherwise: [{ text: '{"city":"Seoul"}' }] });
    const { output } = await ai.generateText({
      model: provider("ollama/qwen3:8b"),
      prompt: "where?",
      output: ai.Output.object({ schema: z.object({ city: z.string() }) }),
    });
    assert.deepEqual(output, { city: "Seoul" });
  });

  test("embedMany makes embeddings", async () => {
    const { embeddings } = await ai.embedMany({
      model: provider.embeddingModel("ollama/nomic-embed-text"),
      values: ["a", "b"],
    });
    assert.deepEqual(embeddings, [
      [0.25, -0.5, 1],
      [0.125, 2, -3],
    ]);
  });

  test("a fault is an error whose message has code and fix", async () => {
    await assert.rejects(
      ai.generateText({ model: provider("ollama/gone"), prompt: "hello", maxRetries: 0 }),
      /MODEL_MISSING: .*isopod models list/,
    );
  });
});
