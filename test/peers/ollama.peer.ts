/**
 * The native dialect against a real Ollama, with the demonstration model in it. Run by hand:
 *
 *     OLLAMA=$(test/peers/build-ollama.sh DIR) npm run test:peers
 *
 * The model knows the tool names it was trained on (list_files, read_file, write_file), so the dialect is
 * tested, not the agent.
 */

import assert from "node:assert/strict";
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { copyFileSync, mkdtempSync, rmSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";

import { createOllama } from "../../src/models/ollama.ts";
import type { ChatEvent, ChatRequest, Provider } from "../../src/models/provider.ts";
import type { Message } from "../../src/protocol/message.ts";
import { createLoopbackEgress } from "../fakes/loopback-egress.ts";

const binary = process.env["OLLAMA"] ?? "";
const MODEL = "isopod-demo:latest";
const folder = mkdtempSync(join(tmpdir(), "ollama-peer-"));
const never = new AbortController().signal;

let server: ChildProcess;
let provider: Provider;

before(async () => {
  assert.ok(binary, "name the program with OLLAMA=/path/to/ollama");
  const host = `127.0.0.1:${await freePort()}`;
  const env = {
    ...process.env,
    HOME: folder,
    OLLAMA_MODELS: join(folder, "models"),
    OLLAMA_HOST: host,
  };
  server = spawn(binary, ["serve"], { env, stdio: "ignore" });
  const egress = createLoopbackEgress();
  let calls = 0;
  const newCallId = () => `call_${++calls}`;
  provider = createOllama({ id: "ollama", baseUrl: `http://${host}`, egress, newCallId });
  await untilUp();
  copyFileSync(
    join(import.meta.dirname, "../../demo-model/demo-q8_0.gguf"),
    join(folder, "demo-q8_0.gguf"),
  );
  copyFileSync(join(import.meta.dirname, "Modelfile"), join(folder, "Modelfile"));
  execFileSync(binary, ["create", MODEL, "-f", "Modelfile"], { env, cwd: folder, stdio: "ignore" });
});

after(() => {
  server.kill();
  rmSync(folder, { recursive: true, force: true });
});

test("the model is listed as one of this device, with its tools, its context and its digest", async () => {
  const [model] = await provider.listModels(never);
  assert.equal(model?.id, MODEL);
  assert.equal(model.tools, true);
  assert.equal(model.contextTokens, 512);
  assert.match(model.digest ?? "", /[0-9a-f]{64}/);
});

test("a call is streamed, and its arguments are the bytes that the server wrote", async () => {
  const [call] = calls(await chat([user("read notes.txt")]));
  assert.equal(call?.tool, "read_file");
  assert.equal(call.argumentsJson, '{"path":"notes.txt"}');
});

test("a result goes back under its call, and the model answers from it", async () => {
  const [call] = calls(await chat([user("read notes.txt")]));
  assert.ok(call);
  const events = await chat([
    user("read notes.txt"),
    { role: "assistant", text: "", toolCalls: [call] },
    { role: "tool", callId: call.id, tool: call.tool, text: "buy milk", ok: true },
  ]);
  assert.equal(text(events), "notes.txt says:\nbuy milk");
});

test("num_ctx is obeyed: the server loads the context that was asked for", async () => {
  await chat([user("hello")], { contextTokens: 384 });
  const [model] = await provider.listModels(never);
  assert.equal(model?.loaded, true);
  assert.equal(model.loadedContextTokens, 384);
});

test("usage counts the prompt and the answer", async () => {
  const done = (await chat([user("hello")])).at(-1);
  assert.ok(done?.type === "done" && done.reason === "stop");
  assert.ok(done.usage.inputTokens > 10 && done.usage.outputTokens > 5);
});

test("an aborted chat ends with the reason, and the server takes the next one", async () => {
  const stop = new AbortController();
  const reason = new Error("stop was pressed");
  const events = provider.chat(request([user("what can you do")]), stop.signal);
  await assert.rejects(async () => {
    for await (const event of events) if (event.type === "text") stop.abort(reason);
  }, reason);
  assert.notEqual(text(await chat([user("hello")])), "");
});

test("a model that is not there is told apart, with the nearest name", async () => {
  const events = provider.chat({ ...request([user("hi")]), model: "isopod-dmeo" }, never);
  await assert.rejects(Array.fromAsync(events), { code: "MODEL_MISSING", fix: /isopod-demo/ });
});

const user = (text: string): Message => ({ role: "user", text });

const tools = ["list_files", "read_file", "write_file"].map((name) => ({
  name,
  description: name,
  schema: { type: "object", properties: { path: { type: "string" } } },
}));

const request = (messages: Message[], more: Partial<ChatRequest> = {}): ChatRequest => ({
  model: MODEL,
  system: "",
  tools,
  messages,
  contextTokens: 512,
  ...more,
});

const chat = (messages: Message[], more?: Partial<ChatRequest>) =>
  Array.fromAsync(provider.chat(request(messages, more), never));

const calls = (events: ChatEvent[]) =>
  events.flatMap((event) => (event.type === "tool-call" ? [event.call] : []));

const text = (events: ChatEvent[]) =>
  events.map((event) => (event.type === "text" ? event.text : "")).join("");

async function untilUp(): Promise<void> {
  for (let tries = 0; ; tries++) {
    try {
      return void (await provider.listModels(never));
    } catch (error) {
      if (tries > 100) throw error; // ten seconds: it starts in one
      await pause(100);
    }
  }
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => probe.once("listening", resolve));
  const { port } = probe.address() as AddressInfo;
  await new Promise((resolve) => probe.close(resolve));
  return port;
}
