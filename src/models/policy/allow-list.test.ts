import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";

import { createTestRouter, ollama, OTHER, signal, SMALL } from "../../../test/fakes/router.ts";
import { type Listed, withAllowList } from "./allow-list.ts";
import { toAllowList } from "./said.ts";

/** Two models on one server, and a list of what may be picked. */
async function scene(t: TestContext, listed: Listed, chain: { primary?: string } = {}) {
  const { target, server } = await ollama(t, [SMALL, OTHER]);
  const whole = { ...chain, fallbacks: [] };
  const { router, state } = createTestRouter({ targets: [target], chain: whole });
  const agents = { defaults: { model: whole, models: listed }, entries: {} };
  const said = { chosen: () => state.chosen, ollamaModel: undefined };
  const models = withAllowList(router, toAllowList(agents, said));
  const refs = async (picked?: string) =>
    (await models.route({ picked }, signal())).map(({ ref }) => ref);
  return { models, refs, server };
}

test("with nothing listed, every model may be picked", async (t) => {
  const { refs } = await scene(t, {});
  assert.deepEqual(await refs("ollama/llama3:8b"), ["ollama/llama3:8b"]);
});

test("security: a model that is not listed cannot be picked, and the fault says how it can", async (t) => {
  const { refs, server } = await scene(t, { "ollama/qwen3:8b": {} });
  assert.deepEqual(await refs("ollama/qwen3:8b"), ["ollama/qwen3:8b"]);
  await assert.rejects(refs("ollama/llama3:8b"), {
    code: "MODEL_NOT_LISTED",
    fix: /Pick one of "ollama\/qwen3:8b".*isopod models use ollama\/llama3:8b/,
  });
  await assert.rejects(refs("llama3:8b"), { code: "MODEL_NOT_LISTED" }, "nor by its bare name");
  assert.deepEqual(server.chats(), []);
});

test("provider/* lists all models of one provider", async (t) => {
  const { refs } = await scene(t, { "ollama/*": {} });
  assert.deepEqual(await refs("llama3:8b"), ["ollama/llama3:8b"]);
});

test("what config names answers although the list lacks it", async (t) => {
  const { refs } = await scene(t, { "ollama/qwen3:8b": {} }, { primary: "ollama/llama3:8b" });
  assert.deepEqual(await refs(), ["ollama/llama3:8b"]);
  assert.deepEqual(await refs("ollama/llama3:8b"), ["ollama/llama3:8b"], "and may be picked");
});

test("a change of model is one change: `models use` needs no second entry in the list", async (t) => {
  const { models, refs } = await scene(t, { "ollama/qwen3:8b": {} });
  await models.use("ollama/llama3:8b", signal());
  assert.deepEqual(await refs(), ["ollama/llama3:8b"]);
  assert.equal((await models.current(signal()))?.ref, "ollama/llama3:8b");
});

test("where nobody has said who answers, discovery keeps to the list", async (t) => {
  const { models, refs } = await scene(t, { "ollama/llama3:8b": {} });
  assert.deepEqual(await refs(), ["ollama/llama3:8b"], "control: qwen3:8b is the larger one");
  assert.equal((await models.current(signal()))?.ref, "ollama/llama3:8b");
});

test("another name stands for its model, in whatever letters", async (t) => {
  const { models, refs } = await scene(t, { "ollama/llama3:8b": { alias: "Llama" } });
  assert.deepEqual(await refs("llama"), ["ollama/llama3:8b"]);
  assert.equal((await models.use("LLAMA", signal())).ref, "ollama/llama3:8b");
});

test("a list of models says which of them may be picked", async (t) => {
  const { models } = await scene(t, { "ollama/llama3:8b": {} });
  const { models: rows } = await models.list(signal());
  const usable = Object.fromEntries(rows.map(({ ref, usable }) => [ref, usable]));
  assert.equal(usable["ollama/llama3:8b"], true);
  assert.match(rows.find(({ usable }) => !usable)?.reason ?? "", /agents\.defaults\.models/);
});
