/** The web tools in the whole program: its guard, its preload, its config, a page on a public address. */

import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { test, type TestContext } from "node:test";

import { createMachine, type Json, ofType } from "./machine.ts";
import { startModel } from "./model-program.ts";
import { namespacesMissing } from "./needs.ts";
import { unplug } from "./network-namespace.ts";

/** One that config lists, and one that it does not. */
const LISTED = "203.0.113.9";
const OTHER = "198.51.100.7";

/** Says what it was asked with, so that a page shows it. */
const SITE = `require("node:http").createServer((request, response) => {
  response.setHeader("content-type", "text/html");
  response.end("<title>Weather</title><p>It rains. Asked by " + request.headers["user-agent"] + ".</p>");
}).listen(80, "0.0.0.0", () => console.log("ready"));`;

async function openWorld(t: TestContext) {
  const { enter } = await unplug(t);
  const [program = "", ...args] = enter;
  for (const address of [LISTED, OTHER]) {
    const { status } = spawnSync(program, [
      ...args,
      "ip",
      "addr",
      "add",
      `${address}/32`,
      "dev",
      "lo",
    ]);
    assert.equal(status, 0);
  }
  const site = spawn(program, [...args, process.execPath, "-e", SITE]);
  t.after(() => void site.kill("SIGKILL"));
  await once(site.stdout, "data");
  return enter;
}

const reading = (host: string) => [
  [{ call: "web_fetch", arguments: JSON.stringify({ url: `http://${host}/today` }) }],
  [{ text: "So it is." }],
];

const result = (events: readonly Json[]) => String(ofType(events, "tool-result")[0]?.["output"]);

test(
  "in mode internet a page of a listed host is read; without a person no other one is; the ledger tells",
  { skip: namespacesMissing },
  async (t) => {
    const enter = await openWorld(t);
    const turns = [...reading(LISTED), ...reading(OTHER)];
    const model = await startModel(t, "ollama", { turns }, enter);
    const machine = createMachine(t, {
      enter,
      env: { OLLAMA_HOST: model.address },
      config: { network: { allow: [LISTED] } },
    });
    const gateway = await machine.gateway();
    await machine.json(0, ["mode", "set", "internet", "--json"]);
    const read = await machine.json(0, ["chat", "--json", "what is the weather?"]);
    assert.match(result(read), /<data from="http:\/\/203\.0\.113\.9\/today">\nTitle: Weather/);
    assert.match(result(read), /It rains\. Asked by Isopod\./);

    const refused = await machine.json(0, ["chat", "--json", "and there?"]);
    assert.match(result(refused), /nobody is there to ask/);

    const { text } = await gateway.client.get("/api/ledger");
    const ledger = JSON.parse(text) as { lines: Json[] };
    const lines = ledger.lines.filter(({ purpose }) => purpose === "tools.web_fetch");
    assert.deepEqual(
      lines.map(({ kind, host, verdict }) => [kind, host, verdict]),
      [
        ["connection", `${LISTED}:80`, "allowed"],
        ["request", `${LISTED}:80`, "allowed"],
      ],
    );
    await gateway.stop();
  },
);

test(
  "security: with offline: true nobody gets the web tools back, and a call is answered with the reason",
  { skip: namespacesMissing },
  async (t) => {
    const enter = await openWorld(t);
    const model = await startModel(t, "ollama", { turns: reading(LISTED) }, enter);
    const machine = createMachine(t, {
      enter,
      env: { OLLAMA_HOST: model.address },
      config: { offline: true, network: { allow: [LISTED] } },
    });
    await machine.json(1, ["mode", "set", "internet", "--json"]);
    const events = await machine.json(0, ["chat", "--json", "what is the weather?"]);
    assert.match(result(events), /^WEB_OFF: .*the mode is private.*docs search/);
  },
);
