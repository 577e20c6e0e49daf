/**
 * A fake Ollama, written from docs/api.md and api/types.go of ollama/ollama. Also a program:
 * `node test/fakes/ollama.ts --port 11434 --script script.json` (see `Script` in model-server.ts;
 * GET /__requests tells what was asked, POST /__script replaces the script).
 */

import {
  type FakeModel,
  runFake,
  type Ending,
  type Script,
  type ScriptedCall,
  startFake,
  toTokens,
  type Wire,
  type WireTurn,
  type Writers,
  writeStep,
} from "./model-server.ts";

const MODELS: FakeModel[] = [{ name: "qwen3:8b" }];
const AT = "2026-11-21T10:00:00.000000000Z";

export const startOllama = (script?: Script, port?: number) => startFake(wire, script, port);

const wire: Wire = {
  chatPaths: ["/api/chat"],
  contentType: "application/x-ndjson",

  write: (step, turn) => writeStep(step, turn, writers),

  answer(path, body, { models = MODELS }) {
    if (path === "/") return { body: "Ollama is running" };
    if (path === "/api/version") return { body: { version: "0.24.0" } };
    if (path === "/api/tags") return { body: { models: models.map(toTag) } };
    if (path === "/api/ps") {
      const loaded = models.filter((model) => model.loadedContextTokens !== undefined);
      return { body: { models: loaded.map(toRunning) } };
    }
    if (path !== "/api/show") return undefined;
    const { model: name } = JSON.parse(body) as { model: string };
    const model = models.find((model) => model.name === name);
    return model
      ? { body: toShow(model) }
      : { status: 404, body: { error: `model '${name}' not found` } };
  },
};

const writers: Writers = {
  text: (said, turn) => toTokens(said).map((content) => line(turn, { content })),
  reasoning: (said, turn) =>
    toTokens(said).map((thinking) => line(turn, { content: "", thinking })),
  calls: (list, turn) => [calls(list, turn)],
  failed: (error) => `${JSON.stringify({ error })}\n`,
  end: (given, turn) => [end(given, turn)],
};

function line({ model }: WireTurn, message: object): string {
  const whole = { role: "assistant", ...message };
  return `${JSON.stringify({ model, created_at: AT, message: whole, done: false })}\n`;
}

/** Written by hand around the arguments: their bytes are what tests look at. */
function calls(list: readonly ScriptedCall[], turn: WireTurn): string {
  turn.calls += list.length;
  const items = list.map(({ call, arguments: json, id, asText }) => {
    const named = id === undefined ? "" : `"id":${JSON.stringify(id)},`;
    const bytes = asText ? JSON.stringify(json) : json;
    return `{${named}"function":{"name":${JSON.stringify(call)},"arguments":${bytes}}}`;
  });
  return `{"model":${JSON.stringify(turn.model)},"created_at":"${AT}","message":{"role":"assistant","content":"","tool_calls":[${items.join(",")}]},"done":false}\n`;
}

function end(given: Ending, { model }: WireTurn): string {
  return `${JSON.stringify({
    model,
    created_at: AT,
    message: { role: "assistant", content: "" },
    done: true,
    done_reason: given.reason ?? "stop",
    total_duration: 1,
    prompt_eval_count: given.inputTokens ?? 12,
    eval_count: given.outputTokens ?? 5,
  })}\n`;
}

const digestOf = ({ digest, name }: FakeModel) => digest ?? Buffer.from(name).toString("hex");

const toTag = (model: FakeModel) => ({
  name: model.name,
  model: model.name,
  modified_at: AT,
  size: model.sizeBytes ?? 5_200_000_000,
  digest: digestOf(model),
  details: { format: "gguf", family: "qwen3", parameter_size: "8.2B" },
  ...(model.remoteHost && { remote_host: model.remoteHost, remote_model: model.name }),
});

const toRunning = (model: FakeModel) => ({
  name: model.name,
  model: model.name,
  digest: digestOf(model),
  size_vram: 0,
  context_length: model.loadedContextTokens,
});

const toShow = (model: FakeModel) => ({
  parameters: model.parameters ?? "",
  capabilities: model.capabilities ?? ["completion", "tools"],
  model_info: {
    "general.architecture": "qwen3",
    "qwen3.context_length": model.contextTokens ?? 40_960,
  },
});

if (import.meta.main) await runFake(wire);
