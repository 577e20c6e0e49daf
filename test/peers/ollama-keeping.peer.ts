/**
 * What manages models, against a real Ollama: load, read back, unload, download with a stop in the middle,
 * remove. Run as the other peers are: `OLLAMA=/path/to/ollama node --test test/peers/ollama-keeping.peer.ts`.
 */

import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";

import type { Keeper } from "../../src/models/keeping/keeper.ts";
import { createOllamaKeeper } from "../../src/models/keeping/ollama-keeper.ts";
import { createLoopbackEgress } from "../fakes/loopback-egress.ts";
import { type FakeRegistry, startRegistry } from "../fakes/ollama-registry.ts";

const binary = process.env["OLLAMA"] ?? "";
const folder = mkdtempSync(join(tmpdir(), "ollama-keeping-"));
const never = new AbortController().signal;
/** A stop comes before the end; `/api/show` repeats it twice, and may not be larger than a listing. */
const PADDING_BYTES = 2 * 1024 * 1024;

let server: ChildProcess;
let registry: FakeRegistry;
let keeper: Keeper;
let model: string;

before(async () => {
  assert.ok(binary, "name the program with OLLAMA=/path/to/ollama");
  const host = `127.0.0.1:${await freePort()}`;
  const env = { ...process.env, HOME: folder, OLLAMA_HOST: host };
  server = spawn(binary, ["serve"], {
    env: { ...env, OLLAMA_MODELS: join(folder, "models") },
    stdio: "ignore",
  });
  const weights = readFileSync(join(import.meta.dirname, "../../demo-model/demo-q8_0.gguf"));
  registry = await startRegistry([
    { type: "model", bytes: weights },
    { type: "license", bytes: Buffer.alloc(PADDING_BYTES, "x") },
  ]);
  model = registry.name.replace("http://", "");
  keeper = createOllamaKeeper({
    id: "ollama",
    product: "ollama",
    baseUrl: `http://${host}`,
    egress: createLoopbackEgress(),
    loadTimeoutMs: 60_000,
    sleep: (ms) => pause(ms),
  });
  await untilUp();
});

after(async () => {
  server.kill();
  await registry.close();
  rmSync(folder, { recursive: true, force: true });
});

test("a download that is stopped goes on from there, and nothing is sent twice", async () => {
  registry.pace(16 * 1024);
  const stop = new AbortController();
  const first = keeper.pull({ name: registry.name, insecure: true }, stop.signal);
  await assert.rejects(async () => {
    for await (const { doneBytes = 0 } of first) if (doneBytes > 3_000_000) stop.abort();
  });
  await pause(500); // what was under way arrives
  registry.pace(Infinity);
  const steps = await Array.fromAsync(keeper.pull({ name: registry.name, insecure: true }, never));
  assert.equal(steps.at(-1)?.text, "success");
  const total = steps.at(-1)?.totalBytes ?? 0;
  assert.ok(registry.sentBytes < total * 1.1, `${registry.sentBytes} of ${total} were sent`);
});

test("load() gives the context that was asked for, and unload() frees it and keeps the weights", async () => {
  await keeper.load(
    { model, contextTokens: 384, params: { keep_alive: "-1" }, embeds: false },
    never,
  );
  const [loaded] = (await keeper.loaded(never)) ?? [];
  assert.deepEqual([loaded?.model, loaded?.contextTokens, loaded?.until], [model, 384, null]);
  assert.ok((loaded?.sizeBytes ?? 0) > 2_000_000);
  await keeper.unload(model, never);
  for (let tries = 0; (await keeper.loaded(never))?.length !== 0; tries++) {
    assert.ok(tries < 50, "it is still loaded");
    await pause(100);
  }
  assert.equal((await keeper.show(model, never)).shape?.layers, 4);
});

test("remove() deletes it, and only then it is missing", async () => {
  await keeper.remove(model, never);
  await assert.rejects(keeper.show(model, never), { code: "MODEL_MISSING" });
  await assert.rejects(keeper.remove(model, never), { code: "MODEL_MISSING" });
});

async function untilUp(): Promise<void> {
  for (let tries = 0; ; tries++) {
    try {
      return void (await keeper.loaded(never));
    } catch (error) {
      if (tries > 100) throw error; // ten seconds: it starts in one
      await pause(100);
    }
  }
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => probe.once("listening", resolve));
  const { port } = probe.address() as AddressInfo; // TCP, so never a string
  await new Promise((resolve) => probe.close(resolve));
  return port;
}
