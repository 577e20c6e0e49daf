/** The real process as a backend: answers that are gone on from, embeddings, and whose they are. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { createClient, targetOf } from "./client.ts";
import { createMachine, type Gateway, type Machine } from "./machine.ts";
import { startModel } from "./model-program.ts";

const clientOf = (gateway: Gateway, machine: Machine) =>
  createClient(targetOf(gateway.url), machine.key());

test("a response is gone on from after a restart, as it was said", async (t) => {
  const ollama = await startModel(t, "ollama", { turns: [[{ text: "One." }], [{ text: "Two." }]] });
  const machine = createMachine(t, { env: { OLLAMA_HOST: ollama.address } });
  const before = await machine.gateway();
  const model = "ollama/qwen3:8b";
  const first = await clientOf(before, machine).post("/v1/responses", { model, input: "first" });
  assert.equal(first.status, 200, first.text);
  await before.stop();

  const after = await machine.gateway();
  const client = clientOf(after, machine);
  const previous_response_id = String(first.json["id"]);
  const next = { model, input: "second", previous_response_id };
  const second = await client.post("/v1/responses", next);
  assert.equal(second.status, 200, second.text);
  const sent = (await ollama.chats()).at(-1)?.messages ?? [];
  assert.deepEqual(
    sent.map(({ content }) => content),
    ["first", "One.", "second"],
  );
  await after.stop();
});

test("embeddings of a local model are made and stand in the books; the demonstration says that it makes none", async (t) => {
  const ollama = await startModel(t, "ollama", {
    models: [{ name: "qwen3:8b" }, { name: "embedder:latest", capabilities: ["embedding"] }],
    routes: { "/api/embed": { embeddings: [[0.5, -1]], prompt_eval_count: 7 } },
  });
  const machine = createMachine(t, { env: { OLLAMA_HOST: ollama.address } });
  const gateway = await machine.gateway();
  const client = clientOf(gateway, machine);
  const made = await client.post("/v1/embeddings", { model: "ollama/embedder", input: "hello" });
  assert.deepEqual(made.json["data"], [{ object: "embedding", index: 0, embedding: [0.5, -1] }]);
  assert.deepEqual(made.json["usage"], { prompt_tokens: 7, total_tokens: 7 });
  const books = await client.get("/api/cost?by=model");
  assert.match(books.text, /"ollama\/embedder:latest"/);
  assert.match((await client.get("/v1/models")).text, /"ollama\/embedder:latest"/);

  const none = await client.post("/v1/embeddings", { model: "embedded/demo", input: "hello" });
  assert.equal(none.status, 422);
  assert.match(none.text, /MODEL_WITHOUT_EMBEDDINGS/);
  await gateway.stop();
});

test("security: texts are not sent to a model of the cloud for embeddings, in a mode that forbids it", async (t) => {
  const ollama = await startModel(t, "ollama", {
    models: [
      { name: "qwen3:8b" },
      {
        name: "embedder:cloud",
        capabilities: ["embedding"],
        remoteHost: "https://ollama.com:443",
      },
    ],
    routes: { "/api/embed": { embeddings: [[1]], prompt_eval_count: 1 } },
  });
  const machine = createMachine(t, { env: { OLLAMA_HOST: ollama.address } });
  const gateway = await machine.gateway();
  const client = clientOf(gateway, machine);
  const body = { model: "ollama/embedder:cloud", input: "my secret" };
  const refused = await client.post("/v1/embeddings", body);
  assert.equal(refused.status, 403, refused.text);
  assert.match(refused.text, /MODEL_NOT_ALLOWED/);
  assert.doesNotMatch((await client.get("/v1/models")).text, /embedder:cloud/);
  assert.doesNotMatch(JSON.stringify(await ollama.requests()), /my secret/);
  await gateway.stop();
});
