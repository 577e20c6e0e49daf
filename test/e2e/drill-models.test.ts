/** Which model answers in a drill, and the drill that a person does by hand. */

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

import { drillByHand } from "../../src/offline/drill/by-hand.ts";
import { drill } from "../../src/offline/drill/drill.ts";
import { put } from "../../src/offline/format/examples.ts";
import { openDoors as doors } from "../../src/process/doors.ts";
import { createPrograms } from "../../src/process/programs.ts";
import { create, detailOf, failedOf, optionsOf } from "./drill-options.ts";
import { createMachine, ROOT } from "./machine.ts";
import { namespacesMissing } from "./needs.ts";
import { watchCable } from "./network-namespace.ts";

const skip = namespacesMissing;

test(
  "a model server of the config is started in the drill where it is approved here, and what it says of a tool counts for nothing",
  { skip },
  async (t) => {
    const { machine, bundle, carry } = create(t, {});
    // Not in the state folder: in the drill, the restored one is laid over it.
    const elsewhere = mkdtempSync(join(tmpdir(), "isopod-server-"));
    t.after(() => rmSync(elsewhere, { recursive: true }));
    const script = join(elsewhere, "script.json");
    writeFileSync(script, JSON.stringify({ otherwise: [{ text: "I have written it" }] }));
    const fake = join(ROOT, "test/fakes/ollama.ts");
    const args = [fake, "--port", "11999", "--script", script];
    const localService = { command: process.execPath, args };
    const baseUrl = "http://127.0.0.1:11999";
    const providers = { mine: { baseUrl, api: "openai-completions", localService } };
    const model = { primary: "mine/qwen3:8b", fallbacks: [] };
    machine.config({ models: { mode: "replace", providers }, agents: { defaults: { model } } });
    await carry();
    const words = { path: bundle, trust: [] };
    const before = await drill(await optionsOf(t, machine, { words }), t.signal);
    assert.deepEqual(
      [before.ok, failedOf(before)],
      [false, ["model"]],
      JSON.stringify(before.steps),
    );
    assert.match(detailOf(before, "model"), /MODEL_SERVICE_UNAPPROVED/);
    assert.match(before.limits.join("\n"), /"mine" was not started: nobody has approved/);

    const approved = await machine.isopod(["models", "service", "approve", "mine", "--yes"]);
    assert.equal(approved.code, 0, approved.stderr);
    const after = await drill(await optionsOf(t, machine, { words }), t.signal);
    assert.deepEqual([after.ok, failedOf(after)], [false, ["tool"]], JSON.stringify(after.steps));
    assert.match(detailOf(after, "model"), /mine\/qwen3:8b answers \(device\)/);
    assert.match(detailOf(after, "tool"), /there is no such file/);
  },
);

/** A stand-in for Ollama's program, beside what is on the path already; its models are in a store of its own. */
function installOllama(folder: string): Record<string, string> {
  const turns = [
    [{ text: "Hello." }],
    [{ text: "Hello again." }],
    [{ text: "And once more." }],
    [
      {
        call: "write",
        arguments: JSON.stringify({ path: "shopping.txt", content: "buy milk" }),
      },
    ],
  ];
  const script = join(folder, "script.json");
  const models = [{ name: "small:1b" }];
  writeFileSync(script, JSON.stringify({ models, turns, otherwise: [{ text: "Done." }] }));
  const tools = join(folder, "bin");
  mkdirSync(tools);
  const words = [process.execPath, join(ROOT, "test/fakes/ollama.ts"), "--port", "11434"];
  // It serves only what its store has, and the drill has to say where that is.
  const has = `test -f "$OLLAMA_MODELS/manifests/registry.ollama.ai/library/small/1b" || exit 3`;
  const run = `exec ${words.join(" ")} --script ${script}`;
  writeFileSync(join(tools, "ollama"), `#!/bin/sh\n${has}\n${run}\n`, { mode: 0o755 });
  return { path: `${tools}:${process.env["PATH"]}:/usr/sbin:/sbin`, store: join(folder, "store") };
}

test(
  "models of Ollama are served from the restored store by the Ollama that is installed",
  { skip },
  async (t) => {
    const elsewhere = mkdtempSync(join(tmpdir(), "isopod-ollama-"));
    t.after(() => rmSync(elsewhere, { recursive: true }));
    const { path = "", store = "" } = installOllama(elsewhere);
    const own = createMachine(t, {
      config: { agents: { defaults: { model: { primary: "ollama/small:1b" } } } },
      env: { OLLAMA_MODELS: store },
    });
    const weights = "weights of a model";
    const sha256 = createHash("sha256").update(weights).digest("hex");
    const layer = { digest: `sha256:${sha256}`, size: weights.length };
    put(join(store, `blobs/sha256-${sha256}`), weights);
    const manifest = { config: layer, layers: [layer] };
    put(join(store, "manifests/registry.ollama.ai/library/small/1b"), JSON.stringify(manifest));
    const bundle = own.path("bundle");
    await own.json(0, ["offline", "bundle", "--out", bundle, "--only", "models,config", "--json"]);
    const words = { path: bundle, trust: [] };
    const programs = createPrograms({ doors, ledger: { append() {} }, path });
    t.after(() => programs.close());
    const told = await drill(await optionsOf(t, own, { words, path, programs }), t.signal);
    assert.deepEqual(failedOf(told), [], JSON.stringify(told.steps));
    assert.match(detailOf(told, "model"), /ollama\/small:1b answers \(device\)/);

    const without = await drill(await optionsOf(t, own, { words }), t.signal);
    assert.deepEqual(failedOf(without), ["model"], JSON.stringify(without.steps));
    assert.match(without.limits.join("\n"), /`ollama serve` did not answer/);
  },
);

test(
  "by hand, a person switches the network off and on, and what that shows is said",
  { skip },
  async (t) => {
    const { machine, bundle, carry } = create(t);
    await carry();
    const cable = await watchCable(t, machine.path("resolv.conf"));
    const options = await optionsOf(t, machine, { words: { path: bundle, trust: [] } });
    const asked: string[] = [];
    const ask = async (what: string) => {
      asked.push(what);
      if (asked.length === 2) cable.strand(); // the first time it was forgotten
      if (what.startsWith("Switch the network on")) cable.lead();
      return true;
    };
    const told = await drillByHand({ ...options, enter: cable.enter, ask }, t.signal);
    assert.deepEqual(failedOf(told), [], JSON.stringify(told.steps));
    assert.match(asked[1] ?? "", /^It is still there: the link is "unknown"/);
    assert.equal(asked.length, 3);
    assert.match(detailOf(told, "recovery"), /to unknown .*no connection beyond this machine/);
    assert.match(told.limits.join("\n"), /No canary was fired/);
    assert.equal(told.egress, undefined);

    const deaf = await optionsOf(t, machine, { words: { path: bundle, trust: [] } });
    const never = await drillByHand(
      { ...deaf, enter: cable.enter, ask: async () => false },
      t.signal,
    );
    assert.deepEqual(failedOf(never), ["off"]);
  },
);
