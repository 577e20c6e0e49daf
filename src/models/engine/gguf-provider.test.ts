import assert from "node:assert/strict";
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { fileURLToPath } from "node:url";

import { createFakeClock } from "../../../test/fakes/clock.ts";
import { openDoors } from "../../process/doors.ts";
import { createPrograms } from "../../process/programs.ts";
import type { ChatEvent, ChatRequest, Provider } from "../provider.ts";
import { createGgufProvider, type GgufSettings } from "./gguf-provider.ts";
import { createHost } from "./host.ts";
import { joinProviders } from "./joined.ts";
import type { Gpu } from "./letters.ts";

const DEMO = fileURLToPath(new URL("../../../demo-model/demo-q8_0.gguf", import.meta.url));
const CHILD = fileURLToPath(new URL("../../../test/fakes/engine-child.ts", import.meta.url));
const never = new AbortController().signal;
const IDLE_MS = 60_000;

test("the files of a folder are listed by name, with size and the context they would get", async (t) => {
  const { provider, add, folder } = create(t);
  add("one");
  add("two");
  add("mmproj-two");
  writeFileSync(join(folder, "notes.txt"), "no model");
  const models = await provider.listModels(never);
  assert.deepEqual(
    models.map(({ id, locality, loaded, missing }) => ({ id, locality, loaded, missing })),
    ["one", "two"].map((id) => ({ id, locality: "embedded", loaded: false, missing: undefined })),
  );
  assert.ok(models.every(({ sizeBytes, contextTokens }) => sizeBytes && contextTokens));
});

test("a folder that is not there has no models, and one file is one model", async (t) => {
  const { make, add } = create(t);
  assert.deepEqual(await make({ path: "/no/such/folder" }).listModels(never), []);
  const [model] = await make({ path: add("one") }).listModels(never);
  assert.equal(model?.id, "one");
});

test("an answer comes in events and ends with what was read, cached and written", async (t) => {
  const { provider, add } = create(t);
  add("one");
  const events = await ask(provider, "hello");
  assert.equal(textOf(events), "You said hello");
  const done = events.at(-1);
  assert.ok(done?.type === "done");
  assert.deepEqual(done.usage, { inputTokens: 10, outputTokens: 3, cachedTokens: 4 });
  assert.equal(done.timings?.loadMs, 5);
  const again = (await ask(provider, "hello")).at(-1);
  assert.ok(again?.type === "done");
  assert.equal(again.timings?.loadMs, undefined, "it was loaded before");
});

test("a call keeps the bytes of its arguments and gets an id of ours", async (t) => {
  const { provider, add } = create(t);
  add("one");
  const events = await ask(provider, "call");
  const calls = events.flatMap((event) => (event.type === "tool-call" ? [event.call] : []));
  assert.deepEqual(calls, [{ id: "call_1", tool: "read", argumentsJson: '{"path": "a"}' }]);
});

test("one child serves one model after another turn, and gives way to another model", async (t) => {
  const { provider, add, starts } = create(t);
  add("one");
  add("two");
  const first = textOf(await ask(provider, "pid"));
  assert.equal(textOf(await ask(provider, "pid")), first);
  assert.notEqual(textOf(await ask(provider, "pid", { model: "two" })), first);
  await gone(Number(first));
  assert.equal(starts(), 2);
});

test("an abort is thrown at once, the child is told, and takes the next request", async (t) => {
  const { provider, add, starts } = create(t);
  add("one");
  await ask(provider, "hello");
  const stop = new AbortController();
  const reason = new Error("stop was pressed");
  const asked = ask(provider, "wait", { signal: stop.signal });
  stop.abort(reason);
  await assert.rejects(asked, reason);
  assert.equal(textOf(await ask(provider, "hello")), "You said hello");
  assert.equal(starts(), 1);
});

test("a reader who goes away stops the answer", async (t) => {
  const { provider, add } = create(t);
  add("one");
  await ask(provider, "hello"); // 1
  for await (const _ of provider.chat(toRequest("hello"), never)) break; // 2
  assert.match(textOf(await ask(provider, "stopped?")), /\[2\]/);
});

test("a file that ends the child while it loads is MODEL_DAMAGED, and the next one loads", async (t) => {
  const { provider, add } = create(t);
  add("damaged");
  add("torn");
  add("one");
  await assert.rejects(ask(provider, "hello", { model: "damaged" }), { code: "MODEL_DAMAGED" });
  await assert.rejects(ask(provider, "hello", { model: "torn" }), {
    code: "MODEL_DAMAGED",
    message: /tensor x is missing/,
  });
  assert.equal(textOf(await ask(provider, "hello")), "You said hello");
});

test("a file whose header is no GGUF is MODEL_DAMAGED before a child is started", async (t) => {
  const { provider, folder, starts } = create(t);
  writeFileSync(join(folder, "one.gguf"), "<!doctype html>");
  await assert.rejects(ask(provider, "hello"), { code: "MODEL_DAMAGED" });
  assert.match((await provider.listModels(never))[0]?.missing ?? "", /header/);
  assert.equal(starts(), 0);
});

test("a child that the system kills is MODEL_OUT_OF_MEMORY, as is one that says so", async (t) => {
  const { provider, add } = create(t);
  add("hungry");
  add("one");
  const code = "MODEL_OUT_OF_MEMORY";
  await assert.rejects(ask(provider, "hello", { model: "hungry" }), { code });
  await assert.rejects(ask(provider, "no memory"), { code, message: /no room/ });
});

test("a model larger than memory is refused by its header, and no child is started", async (t) => {
  const { provider, add, starts } = create(t);
  truncateSync(add("one"), 72e9); // sparse: it takes no room on the disk
  await assert.rejects(ask(provider, "hello"), {
    code: "MODEL_OUT_OF_MEMORY",
    message: /needs about 7\d\.\d GB and 14\.0 GB/,
  });
  const [listed] = await provider.listModels(never);
  assert.match(listed?.missing ?? "", /has not the memory/, "nobody chooses it by itself");
  assert.equal(starts(), 0);
});

test("a child that dies in the middle is MODEL_STREAM_CUT, and another takes its place", async (t) => {
  const { provider, add, starts } = create(t);
  add("one");
  await ask(provider, "hello");
  await assert.rejects(ask(provider, "die"), { code: "MODEL_STREAM_CUT" });
  assert.equal(textOf(await ask(provider, "hello")), "You said hello");
  assert.equal(starts(), 2);
});

test("a prompt beyond the context, an unknown model and a missing engine have their own faults", async (t) => {
  const { provider, add, uninstall } = create(t);
  add("one");
  add("cardless");
  await assert.rejects(ask(provider, "long"), { code: "MODEL_CONTEXT_EXCEEDED" });
  await assert.rejects(ask(provider, "hello", { model: "onr" }), { code: "MODEL_MISSING" });
  await assert.rejects(ask(provider, "hello", { model: "cardless" }), {
    code: "MODEL_ENGINE_BROKEN",
  });
  uninstall();
  await assert.rejects(ask(provider, "hello"), { code: "MODEL_ENGINE_MISSING" });
  assert.match((await provider.listModels(never))[0]?.missing ?? "", /engine install/);
});

test("a child that nobody asks is ended, and the next question starts another", async (t) => {
  const { provider, add, clock } = create(t);
  add("one");
  const pid = Number(textOf(await ask(provider, "pid")));
  assert.equal((await provider.listModels(never))[0]?.loaded, true);
  await clock.advance(IDLE_MS + 1);
  await gone(pid);
  assert.equal((await provider.listModels(never))[0]?.loaded, false);
  assert.notEqual(Number(textOf(await ask(provider, "pid"))), pid);
});

test("a model is loaded ahead, told as loaded, freed, and shown with its file", async (t) => {
  const { provider, add } = create(t);
  const path = add("one");
  const { keeper } = provider;
  assert.ok(keeper);
  assert.deepEqual(await keeper.loaded(never), []);
  const wanted = { model: "one", contextTokens: 512, params: {}, embeds: false };
  await keeper.load(wanted, never);
  const [loaded] = (await keeper.loaded(never)) ?? [];
  assert.equal(loaded?.model, "one");
  assert.equal(loaded?.state, "loaded");
  const pid = Number(textOf(await ask(provider, "pid")));
  await keeper.unload("one", never);
  await gone(pid);
  assert.deepEqual(await keeper.loaded(never), []);
  assert.equal((await keeper.show("one", never)).path, path);
  await assert.rejects(keeper.load({ ...wanted, model: "two" }, never), { code: "MODEL_MISSING" });
  await assert.rejects(keeper.remove("one", never), { code: "MODEL_SERVER_CANNOT" });
});

test("beside the built-in models, files answer by their own names and lose none of them", async (t) => {
  const { provider, add } = create(t);
  add("one");
  add("demo");
  const own: Provider = {
    id: "embedded",
    baseUrl: "embedded:",
    listModels: async () => [{ id: "demo", locality: "embedded", demonstration: true }],
    async *chat() {
      yield { type: "text", text: "I am the demo" };
    },
  };
  const both = joinProviders(own, provider);
  const ids = (await both.listModels(never)).map(({ id }) => id);
  assert.deepEqual(ids, ["demo", "one"]);
  assert.equal(textOf(await ask(both, "hello", { model: "demo" })), "I am the demo");
  assert.equal(textOf(await ask(both, "hello")), "You said hello");
});

test("a context that config wishes for is what it gets", async (t) => {
  const { make, add } = create(t);
  add("one");
  const [listed] = await make({ contextOf: () => 300 }).listModels(never);
  assert.equal(listed?.contextTokens, 300);
});

function create(t: TestContext) {
  const folder = mkdtempSync(join(tmpdir(), "isopod-gguf-"));
  const path = join(folder, "models");
  mkdirSync(path);
  let starts = 0;
  let engine: { gpu: Gpu } | undefined = { gpu: "none" };
  const programs = createPrograms({
    doors: openDoors,
    ledger: { append: () => void (starts += 1) },
    path: process.env["PATH"] ?? "",
  });
  const clock = createFakeClock();
  const env = { PATH: process.env["PATH"] ?? "" };
  const command = { command: process.execPath, args: [CHILD], env };
  const host = createHost({ programs, clock, idleMs: IDLE_MS, command });
  t.after(async () => {
    await host.unload();
    await programs.close();
    rmSync(folder, { recursive: true, force: true });
  });
  let calls = 0;
  const make = (settings: Partial<GgufSettings> = {}): Provider =>
    createGgufProvider(
      "embedded",
      { path, contextOf: () => undefined, ...settings },
      {
        host,
        installed: () => engine,
        machine: async () => ({
          system: "linux",
          processor: "a processor",
          ramBytes: 16e9,
          gpus: [],
          unified: false,
          usable: { gpuBytes: 0, ramBytes: 14e9 },
        }),
        newCallId: () => `call_${++calls}`,
        processors: 2,
      },
    );
  return {
    folder: path,
    clock,
    make,
    provider: make(),
    starts: () => starts,
    uninstall: () => void (engine = undefined),
    add(name: string): string {
      const file = join(path, `${name}.gguf`);
      copyFileSync(DEMO, file);
      return file;
    },
  };
}

const toRequest = (text: string, model = "one"): ChatRequest => ({
  model,
  system: "",
  tools: [],
  messages: [{ role: "user", text }],
  contextTokens: 512,
});

const ask = (
  provider: Provider,
  text: string,
  { model, signal = never }: { model?: string; signal?: AbortSignal } = {},
): Promise<ChatEvent[]> => Array.fromAsync(provider.chat(toRequest(text, model), signal));

const textOf = (events: ChatEvent[]) =>
  events.map((event) => (event.type === "text" ? event.text : "")).join("");

/** Resolves when there is no such process any more. */
async function gone(pid: number): Promise<void> {
  for (;;) {
    try {
      process.kill(pid, 0);
    } catch {
      return;
    }
    await new Promise((resolve) => setImmediate(resolve));
  }
}
