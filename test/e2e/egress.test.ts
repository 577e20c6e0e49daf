/** `isopod egress`: what the ledger holds, whether it was touched, and what may be contacted. */

import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { test } from "node:test";

import { createMachine } from "./machine.ts";

test("egress log shows what was opened, and egress log verify finds the line that was touched", async (t) => {
  const machine = createMachine(t);
  await machine.json(0, ["chat", "--json", "hello"]);
  const lines = await machine.json(0, ["egress", "log", "--json"]);
  assert.ok(lines.some(({ kind, purpose }) => kind === "request" && purpose === "models.list"));
  const few = await machine.json(0, ["egress", "log", "-n", "2", "--json"]);
  assert.deepEqual(few, lines.slice(-2));
  const [whole] = await machine.json(0, ["egress", "log", "verify", "--json"]);
  assert.deepEqual([whole?.["ok"], whole?.["lines"]], [true, lines.length]);
  const { n, hash } = (whole?.["head"] ?? {}) as { n?: number; hash?: string };
  await machine.json(0, ["egress", "log", "verify", "--head", `${n}:${hash}`, "--json"]);

  const file = machine.path("ledger.jsonl");
  const text = readFileSync(file, "utf8");
  writeFileSync(file, text.replace("models.list", "models.lost"));
  const touched = await machine.isopod(["egress", "log", "verify"]);
  assert.equal(touched.code, 1);
  assert.match(touched.stdout, /CHANGED {2}ledger\.jsonl:\d+ {2}line \d+ is not as it was written/);
  const cut = text.trimEnd().split("\n").slice(0, -1);
  writeFileSync(file, `${cut.join("\n")}\n`);
  await machine.json(0, ["egress", "log", "verify", "--json"]);
  await machine.json(1, ["egress", "log", "verify", "--head", `${n}:${hash}`, "--json"]);
});

test("egress watch shows a line as it is written, and Ctrl-C ends it", async (t) => {
  const machine = createMachine(t);
  const watching = machine.start(["egress", "watch", "--json"]);
  await new Promise<void>((resolve) => {
    const look = setInterval(() => {
      if (!watching.said.stderr.includes("Watching")) return;
      clearInterval(look);
      resolve();
    }, 50);
  });
  await machine.json(0, ["mode", "set", "device", "--json"]);
  const line = JSON.parse(await watching.line((text) => text.includes('"kind":"mode"')));
  assert.equal(line["host"], "device");
  watching.kill("SIGINT");
  assert.equal((await watching.ended).code, 130);
});

test("egress policy lists what config names, with the mode that would allow it, and what became other", async (t) => {
  const cloud = { baseUrl: "https://api.example.com/v1", models: { best: {} } };
  const machine = createMachine(t, { config: { models: { providers: { cloud } } } });
  const [policy] = await machine.json(0, ["egress", "policy", "--save", "--json"]);
  const entries = policy?.["entries"] as Record<string, string>[];
  const entry = entries.find(({ host }) => host === "api.example.com");
  assert.deepEqual(
    [entry?.["setting"], entry?.["verdict"]],
    ["models.providers.cloud.baseUrl", "depends"],
  );
  assert.deepEqual(await machine.json(0, ["egress", "policy", "--diff", "--json"]), [
    { changes: [] },
  ]);
  await machine.json(0, ["mode", "set", "device", "--json"]);
  const file = machine.path("egress-policy.json");
  const [{ changes } = { changes: [] }] = await machine.json(1, [
    "egress",
    "policy",
    "--diff",
    file,
    "--json",
  ]);
  const [change] = changes as { change: string; entry: Record<string, string> }[];
  assert.deepEqual(
    [change?.change, change?.entry["verdict"], change?.entry["needs"]],
    ["changed", "masked", "private"],
  );
  assert.equal((await machine.isopod(["egress", "policy", "--diff", "/nowhere"])).code, 2);
});
