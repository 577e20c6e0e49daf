/** The Responses and Messages APIs behind the whole gateway, and an image on its way through it. */

import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

import { createMachine, ofType, textOf } from "./machine.ts";
import { startModel } from "./model-program.ts";

const WRITE = { call: "write", arguments: '{"path":"a.txt","content":"hello"}' };

for (const [fake, api, path] of [
  ["responses", "openai-responses", "/v1/responses"],
  ["anthropic", "anthropic-messages", "/v1/messages"],
] as const) {
  test(`${api}: tool calls act, and what was sent stays as it was`, async (t) => {
    const server = await startModel(t, fake, {
      models: [{ name: "model" }],
      chunkBytes: 7,
      turns: [
        [{ reasoning: "A file." }, { text: "I will write it." }, { ...WRITE, id: "call_1" }],
        [{ text: "Done." }],
      ],
    });
    const provider = { api, baseUrl: `${server.url}/v1`, locality: "device" };
    const machine = createMachine(t, {
      config: { models: { mode: "replace", providers: { local: provider } } },
    });
    const events = await machine.json(0, ["chat", "--json", "--model", "local/model", "write it"]);

    assert.equal(readFileSync(`${machine.workspace}/a.txt`, "utf8"), "hello");
    assert.match(textOf(events), /I will write it\.[^]*Done\./);
    assert.equal(ofType(events, "tool-result").length, 1);
    assert.deepEqual(events.at(-1), { type: "done", reason: "stop" });
    const bodies = (await server.requests())
      .filter((request) => request.path === path)
      .map(({ body }) => body);
    const [first = "", second = ""] = bodies;
    assert.equal(bodies.length, 2);
    assert.ok(second.startsWith(first.slice(0, -"]}".length)), "the prefix is stable");
    // The Messages fake signs what it thinks, as the real one does: it has to get it back.
    assert.equal(second.includes('"signature":"EqQBCgIYAhIM/+fake=="'), fake === "anthropic");
  });
}

test("chat --image shows the model an image; one that does not see is not asked", async (t) => {
  const server = await startModel(t, "ollama", {
    models: [
      { name: "llava:7b", capabilities: ["completion", "tools", "vision"] },
      { name: "qwen3:8b", capabilities: ["completion", "tools"] },
    ],
    otherwise: [{ text: "A red square." }],
  });
  const providers = { ollama: { baseUrl: server.url, locality: "device" } };
  const machine = createMachine(t, { config: { models: { mode: "replace", providers } } });
  const file = join(machine.workspace, "red.png");
  await machine.isopod(["models", "list"]); // makes the workspace
  writeFileSync(file, Buffer.from(PIXEL, "base64"));
  const chat = (model: string, code: number) =>
    machine.json(code, ["chat", "--json", "--model", model, "--image", file, "What is it?"]);

  const seen = await chat("ollama/llava:7b", 0);
  assert.match(textOf(seen), /A red square\./);
  const [body = ""] = (await server.requests())
    .filter(({ path }) => path === "/api/chat")
    .map(({ body }) => body);
  assert.ok(body.includes(`"images":["${PIXEL}"]`));

  const blind = await chat("ollama/qwen3:8b", 1);
  assert.equal(blind.at(-1)?.["code"], "MODEL_BLIND");
  const asked = (await server.requests()).filter(({ path }) => path === "/api/chat");
  assert.equal(asked.length, 1);
});

/** One red pixel. */
const PIXEL =
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGP4z8AAAAMBAQDJ/pLvAAAAAElFTkSuQmCC";
