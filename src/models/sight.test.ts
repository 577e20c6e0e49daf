import assert from "node:assert/strict";
import { test } from "node:test";

import { createLoopbackEgress } from "../../test/fakes/loopback-egress.ts";
import { startOllama } from "../../test/fakes/ollama.ts";
import { startOpenAi } from "../../test/fakes/openai.ts";
import { createTestRouter, signal } from "../../test/fakes/router.ts";
import type { Message } from "../protocol/message.ts";
import type { DialectOptions } from "./dialect.ts";
import { createOllama } from "./ollama.ts";
import { createOpenAiCompletions } from "./openai-completions.ts";
import { chatRequest, collect } from "./provider.conformance.ts";
import { toRefusal } from "./refusal.ts";
import { sees, sightOf, withImageLines } from "./sight.ts";

const IMAGE = { mediaType: "image/png", name: "a.png", data: "iVBORw0KGgo=" } as const;
const LINE = "[image a.png left out: this model does not see]";

const SHOWN: Message[] = [
  { role: "user", text: "What is it?", context: "It is Monday.", images: [IMAGE] },
  { role: "assistant", text: "", toolCalls: [{ id: "a", tool: "read", argumentsJson: "{}" }] },
  { role: "tool", callId: "a", tool: "read", text: "look", ok: true, images: [IMAGE] },
];

async function completions(options: Partial<DialectOptions> = {}) {
  const server = await startOpenAi();
  const egress = createLoopbackEgress();
  const baseUrl = `${server.url}/v1`;
  const provider = createOpenAiCompletions({
    id: "s",
    baseUrl,
    egress,
    newCallId: () => "c",
    ...options,
  });
  await collect(provider, chatRequest({ messages: SHOWN, system: "" }));
  await server.close();
  const { messages } = JSON.parse(server.chats()[0] ?? "") as {
    messages: { content: unknown }[];
  };
  return messages.map(({ content }) => content);
}

test("chat completions get images as data URLs before the text; a result can hold none, and says so", async () => {
  const [user, , result] = await completions();
  assert.deepEqual(user, [
    { type: "image_url", image_url: { url: "data:image/png;base64,iVBORw0KGgo=" } },
    { type: "text", text: "What is it?\n\nIt is Monday." },
  ]);
  assert.equal(result, `look\n${LINE}`);
});

test("a server that takes text alone gets a line in an image's place", async () => {
  for (const compat of [{ requiresStringContent: true }, { strictMessageKeys: true }]) {
    const [user] = await completions({ compatOf: () => compat });
    assert.equal(user, `What is it?\n\nIt is Monday.\n${LINE}`);
  }
});

test("text alone stays a string, as every server takes it", async () => {
  const server = await startOpenAi();
  const egress = createLoopbackEgress();
  const options = { id: "s", baseUrl: `${server.url}/v1`, egress, newCallId: () => "c" };
  await collect(createOpenAiCompletions(options), chatRequest());
  await server.close();
  assert.match(server.chats()[0] ?? "", /"content":"Read notes.md"/);
});

test("Ollama gets images beside the text, of results too", async () => {
  const server = await startOllama();
  const egress = createLoopbackEgress();
  const provider = createOllama({ id: "o", baseUrl: server.url, egress, newCallId: () => "c" });
  await collect(provider, chatRequest({ messages: SHOWN, system: "" }));
  await server.close();
  const { messages } = JSON.parse(server.chats()[0] ?? "") as {
    messages: { content: string; images?: string[] }[];
  };
  assert.deepEqual(
    messages.map(({ content, images }) => [content, images]),
    [
      ["What is it?\n\nIt is Monday.", ["iVBORw0KGgo="]],
      ["", undefined],
      ["look", ["iVBORw0KGgo="]],
    ],
  );
});

test("either config or the server may say that a model does not see; silence is tried", () => {
  assert.equal(sightOf({}, undefined), undefined);
  assert.equal(sightOf({ vision: true }, ["text"]), false);
  assert.equal(sightOf({ vision: false }, ["text", "image"]), false);
  assert.equal(sightOf({}, ["text", "image"]), true);
  assert.equal(sees({}), true);
  assert.equal(sees({ vision: false }), false);
});

test("config's input reaches who answers", async () => {
  const server = await startOpenAi({ models: [{ name: "a" }, { name: "b" }] });
  const models = { a: { input: ["text"] }, b: { input: ["text", "image"] } };
  const providers = { s: { baseUrl: `${server.url}/v1`, locality: "device", models } };
  const { router } = createTestRouter({ models: { providers } });
  const visionOf = async (picked: string) =>
    (await router.route({ picked }, signal()))[0]?.model.vision;
  assert.equal(await visionOf("s/a"), false);
  assert.equal(await visionOf("s/b"), true);
  await server.close();
});

test("a line stands for each image that is left out, also where there is no text", () => {
  assert.equal(withImageLines("", [IMAGE, IMAGE]), `${LINE}\n${LINE}`);
  assert.equal(withImageLines("x", undefined), "x");
});

test("servers refuse an image each in its own words, and all mean MODEL_BLIND", () => {
  const refusals: [string, number, string][] = [
    [
      "llama.cpp",
      500,
      "image input is not supported - hint: if this is unexpected, you may need to provide the mmproj",
    ],
    ["vLLM", 400, "At most 0 image(s) may be provided in one prompt."],
    ["vLLM, another", 400, "m is not a multimodal model"],
    ["Ollama", 400, "this model is missing data required for image input"],
    ["OpenAI", 400, "Invalid content type. image_url is only supported by certain models."],
    ["LM Studio", 400, "Model does not support images. Please use a model that does."],
  ];
  for (const [who, status, message] of refusals) {
    const text = JSON.stringify({ error: { message } });
    assert.equal(toRefusal({ provider: "p", model: "m", status, text }).code, "MODEL_BLIND", who);
  }
});
