/**
 * Each row of the usual troubleshooting table for local models, brought about by a fake server and met with
 * its own fault and its own fix. The table for people is in docs/models.md.
 */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test, type TestContext } from "node:test";

import type { Script } from "../../test/fakes/model-server.ts";
import { startOllama } from "../../test/fakes/ollama.ts";
import { createTestRouter, refs, signal } from "../../test/fakes/router.ts";
import { parseConfig } from "../config/config.ts";
import { settings } from "../settings.ts";
import { Fault } from "../base/fault.ts";
import { createModelChecks } from "./checks.ts";
import { chatRequest, collect } from "./provider.conformance.ts";
import { modelsSetting } from "./settings.ts";
import { toTimeouts } from "./timeouts.ts";

const MODEL = { name: "qwen3:8b", contextTokens: 40_960 };

async function scene(t: TestContext, script: Script = {}, provider: object = {}) {
  const server = await startOllama({ models: [MODEL], ...script });
  t.after(() => server.close());
  const models = { providers: { ollama: { api: "ollama", baseUrl: server.url, ...provider } } };
  const made = createTestRouter({ models, targets: [] });
  /** One chat over the route of a turn, as the agent has it. */
  async function chat(picked = "ollama/qwen3:8b") {
    const [candidate] = await made.router.route({ picked }, signal());
    assert.ok(candidate);
    const { contextTokens, params } = candidate;
    const request = { ...chatRequest({ model: candidate.model.id }), contextTokens, params };
    return collect(candidate.provider, request);
  }
  return { server, chat, ...made };
}

const read = (text: string) =>
  parseConfig({
    file: { name: "isopod.json", text },
    env: {},
    secretsFolder: "/nowhere",
    settings,
  });

test("tool calls silently fail: an Ollama behind /v1 is spoken natively, and its calls arrive", async (t) => {
  const call = { call: "read", arguments: '{"path":"a.txt"}' };
  const server = await startOllama({ models: [MODEL], turns: [[call]] });
  t.after(() => server.close());
  const v1 = { api: "openai-completions", baseUrl: `${server.url}/v1` };
  const { router } = createTestRouter({ models: { providers: { mine: v1 } }, targets: [] });
  const [candidate] = await router.route({ picked: "mine/qwen3:8b" }, signal());
  assert.ok(candidate);
  const events = await collect(candidate.provider, chatRequest({ model: "qwen3:8b" }));
  assert.ok(events.some((event) => event.type === "tool-call" && event.call.tool === "read"));
  assert.ok(server.requests.some(({ path }) => path === "/api/chat"));
  assert.ok(!server.requests.some(({ path }) => path === "/v1/chat/completions"));
  const note = router.notes().find(({ code }) => code === "MODEL_V1_REWRITTEN");
  assert.match(
    note?.text ?? "",
    /loses tool calls.*Set models\.providers\.mine to \{ api: "ollama"/,
  );
});

test("no API provider for undefined: a missing api has a default, a wrong one names the field and its values", () => {
  const provider = (api: string) =>
    `{ models: { providers: { mine: { baseUrl: "http://127.0.0.1:5000/v1"${api} } } } }`;
  const missing = read(provider(""));
  assert.deepEqual(missing.report.faults, []);
  assert.equal(missing.get(modelsSetting).providers["mine"]?.api, "openai-completions");
  for (const wrong of ['"openai-completion"', "7", "null", '""']) {
    const [fault] = read(provider(`, api: ${wrong}`)).report.faults;
    assert.equal(fault?.code, "CONFIG_VALUE", wrong);
    assert.equal(fault?.path, "models.providers.mine.api");
    assert.match(fault?.fix ?? "", /Set models\.providers\.mine\.api to .*"openai-completions" or/);
    assert.doesNotMatch(fault?.message ?? "", /undefined/);
  }
});

test("out of memory: the server's refusal to load is its own fault, in the server's words", async (t) => {
  for (const error of [
    "model requires more system memory (21.5 GiB) than is available (7.9 GiB)",
    "llama runner process has terminated: cudaMalloc failed: out of memory",
  ]) {
    const body = JSON.stringify({ error });
    const { chat } = await scene(t, { otherwise: [{ status: 500, body }] });
    await assert.rejects(chat(), (fault) => {
      assert.ok(fault instanceof Fault && fault.code === "MODEL_OUT_OF_MEMORY");
      assert.ok(fault.message.includes(error));
      assert.match(fault.fix, /Q4_K_M.*isopod models fit/);
      return true;
    });
  }
});

test("slow inference: a model on the processor is told, with the driver to look at", async (t) => {
  const onCpu = { models: [{ name: "qwen3:8b", size: 8_000, size_vram: 0, context_length: 8192 }] };
  const { router } = await scene(t, { routes: { "/api/ps": onCpu } });
  const { models } = await router.keeping.loaded(signal());
  const warning = models.find(({ ref }) => ref === "ollama/qwen3:8b")?.warning;
  assert.equal(warning?.code, "MODEL_ON_CPU");
  assert.match(warning?.message ?? "", /wholly on the processor/);
  assert.match(warning?.fix ?? "", /isopod models fit.*nvidia-smi/);
});

test("model not found: the nearest name, or how to get it", async (t) => {
  const { chat, router } = await scene(t);
  await assert.rejects(chat("ollama/qwen3:8"), { code: "MODEL_MISSING", fix: /"qwen3:8b"/ });
  await assert.rejects(router.route({ picked: "ollama/quite-another" }, signal()), {
    code: "MODEL_MISSING",
    fix: /isopod models list.*isopod models pull/,
  });
});

test("empty responses: one context size is budgeted and sent, and two that differ are told", async (t) => {
  const both = { models: { "qwen3:8b": { contextWindow: 32_768, params: { num_ctx: 4096 } } } };
  const { server, chat } = await scene(t, {}, both);
  await chat();
  const { options } = JSON.parse(server.chats()[0] ?? "{}") as { options: { num_ctx: number } };
  assert.equal(options.num_ctx, 4096, "what the agent budgets is what the server allocates");
  const text = JSON.stringify({ models: { providers: { ollama: both } } });
  const { notes } = read(text).report;
  assert.match(JSON.stringify(notes), /num_ctx.*4096 is used for both.*contextWindow.*32768/);
});

test("empty responses: a window larger than the server's is a warning of doctor", async (t) => {
  const models = { "qwen3:8b": { contextWindow: 200_000 } };
  const made = await scene(t, {}, { models });
  const providers = { ollama: { api: "ollama", baseUrl: made.server.url, models } };
  const checks = createModelChecks({
    models: made.router,
    settings: modelsSetting.schema.parse({ providers }),
    chain: { primary: "ollama/qwen3:8b", fallbacks: [] },
  });
  const result = await checks.find(({ code }) => code === "models.context")?.run(signal());
  assert.ok(result?.state === "warning");
  assert.equal(result.fault.code, "MODEL_CONTEXT_SMALLER");
  assert.match(result.fault.fix, /contextWindow to 40960/);
});

test("connection refused: the command that starts this server, and the setting that says where it is", async (t) => {
  const { server, router } = await scene(t);
  await server.close();
  await assert.rejects(router.route({ picked: "ollama/qwen3:8b" }, signal()), {
    code: "MODEL_UNREACHABLE",
    fix: /`ollama serve`.*models\.providers\.ollama\.baseUrl/,
  });
});

test("timeouts: a server that never begins is told, with the setting that waits longer", async (t) => {
  const hanging = await scene(t, { otherwise: [{ hang: true }] }, { timeoutSeconds: 240 });
  const chat = hanging.chat();
  chat.catch(() => undefined);
  for (const until = Date.now() + 20_000; hanging.server.chats().length === 0;) {
    assert.ok(Date.now() < until, "the chat never reached the server");
    await new Promise((resolve) => setImmediate(resolve));
  }
  await hanging.clock.advance(239_000);
  assert.equal(hanging.server.running.now, 1, "not a second too early");
  await hanging.clock.advance(5_000);
  await assert.rejects(chat, {
    code: "MODEL_TIMEOUT",
    message: /no first token within 240 s/,
    fix: /models\.providers\.ollama\.timeoutSeconds/,
  });
});

test("timeouts: the time for a first token is the setting, and the other two follow from it", () => {
  const limits = (seconds: number) => Object.values(toTimeouts(seconds));
  assert.deepEqual(limits(60), [60_000, 60_000, 3_600_000]);
  assert.deepEqual(limits(3_600), [3_600_000, 120_000, 7_200_000]);
});

test("a fallback never overwrites the primary: not in the config, not in the next turn", async (t) => {
  const first = await startOllama({
    models: [MODEL],
    turns: [[{ status: 500, body: '{"error":"x"}' }]],
  });
  const second = await startOllama({ models: [MODEL] });
  t.after(() => Promise.all([first.close(), second.close()]));
  const text = `{ models: { providers: {
      big: { api: "ollama", baseUrl: "${first.url}" }, small: { api: "ollama", baseUrl: "${second.url}" } } },
    agents: { defaults: { model: { primary: "big/qwen3:8b", fallbacks: ["small/qwen3:8b"] } } } }`;
  const config = read(text);
  const before = JSON.stringify(config.report.effective);
  const chain = { primary: "big/qwen3:8b", fallbacks: ["small/qwen3:8b"] };
  const { router, state } = createTestRouter({
    models: config.get(modelsSetting),
    chain,
    targets: [],
  });
  const [primary, fallback] = await router.route({}, signal());
  assert.ok(primary && fallback);
  await assert.rejects(collect(primary.provider, chatRequest({ model: "qwen3:8b" })));
  await collect(fallback.provider, chatRequest({ model: "qwen3:8b" }));
  assert.deepEqual(await refs(router), ["big/qwen3:8b", "small/qwen3:8b"]);
  assert.equal(state.chosen, undefined, "nothing was written down");
  assert.equal(JSON.stringify(config.report.effective), before);
});

test("docs/models.md has a row for each of these, with its code", () => {
  const docs = readFileSync(join(import.meta.dirname, "../../docs/models.md"), "utf8");
  const rows = docs.slice(docs.indexOf("## When something is wrong"));
  for (const code of [
    "MODEL_V1_REWRITTEN",
    "CONFIG_VALUE",
    "MODEL_OUT_OF_MEMORY",
    "MODEL_ON_CPU",
    "MODEL_MISSING",
    "MODEL_CONTEXT_SMALLER",
    "MODEL_UNREACHABLE",
    "MODEL_TIMEOUT",
    "MODEL_SWITCHED",
  ]) {
    assert.ok(rows.includes(`\`${code}\``) || rows.includes(`[${code}]`), code);
  }
});
