/** A model server that the gateway starts itself, from approval to its end, with real processes. */

import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { test } from "node:test";

import { createMachine, ROOT, textOf } from "./machine.ts";

/** A port that is free now; nobody else is given it so soon again. */
async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === "object" && address ? address.port : 0;
}

test("a model server is started once it is approved, and ends with the gateway, also after kill -9", async (t) => {
  const port = await freePort();
  const machine = createMachine(t);
  const script = machine.path("script.json");
  writeFileSync(script, JSON.stringify({ otherwise: [{ text: "I was started" }] }));
  const fake = join(ROOT, "test/fakes/ollama.ts");
  const localService = {
    command: process.execPath,
    args: [fake, "--port", String(port), "--script", script],
  };
  const baseUrl = `http://127.0.0.1:${port}`;
  const providers = { mine: { baseUrl, api: "openai-completions", localService } };
  const model = { primary: "mine/qwen3:8b", fallbacks: [] };
  const config = { models: { mode: "replace", providers }, agents: { defaults: { model } } };
  machine.config(config);
  const gateway = await machine.gateway();

  const refused = await machine.json(2, ["chat", "--json", "hello"]);
  assert.equal(refused.at(-1)?.["code"], "MODEL_SERVICE_UNAPPROVED");
  assert.doesNotMatch(
    readFileSync(machine.path("ledger.jsonl"), "utf8"),
    /models\.service","host":"\//,
  );

  const approved = await machine.isopod(["models", "service", "approve", "mine", "--yes"]);
  assert.equal(approved.code, 0, approved.stderr);
  assert.match(approved.stdout, new RegExp(`${fake} --port ${port}`)); // it was shown
  assert.match(textOf(await machine.json(0, ["chat", "--json", "hello"])), /I was started/);
  const status = async () =>
    (await machine.json(0, ["models", "service", "status", "--json"])).flat();
  const [service] = (await status()) as { state: string; pid: number }[];
  assert.equal(service?.state, "running");
  assert.match(
    readFileSync(machine.path("ledger.jsonl"), "utf8"),
    /"program","purpose":"models\.service"/,
  );

  await gateway.murder();
  const dead = async () => {
    try {
      await fetch(baseUrl, { signal: AbortSignal.timeout(500) });
      return false;
    } catch {
      return true;
    }
  };
  for (let left = 100; !(await dead()); left -= 1) {
    assert.ok(left > 0, "it outlives the gateway");
    await new Promise((resolve) => setTimeout(resolve, 100));
  }

  localService.args.push("--unknown"); // a changed command line was approved by nobody
  machine.config(config);
  const changed = await machine.json(2, ["chat", "--json", "hello"]);
  assert.equal(changed.at(-1)?.["code"], "MODEL_SERVICE_UNAPPROVED");
});

test("without a gateway, too, a command waits for a server that it starts, and never ends without a word", async (t) => {
  const machine = createMachine(t);
  const localService = { command: machine.path("not-there") };
  const baseUrl = `http://127.0.0.1:${await freePort()}`;
  const providers = { mine: { baseUrl, api: "openai-completions", localService } };
  const model = { primary: "mine/qwen3:8b", fallbacks: [] };
  machine.config({ models: { mode: "replace", providers }, agents: { defaults: { model } } });

  const approved = await machine.isopod(["models", "service", "approve", "mine", "--yes"]);
  assert.equal(approved.code, 0, approved.stderr);
  const shown = await machine.isopod(["mode", "show"]);
  assert.deepEqual([shown.code, shown.stdout.startsWith("private")], [0, true], shown.stderr);
  const answered = await machine.isopod(["chat", "--json", "hello"]);
  assert.match(answered.stdout, /"type":"failed"/);
  assert.notEqual(answered.code, 0);
});
