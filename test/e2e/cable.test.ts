/** With the cable out everything works; with the cable in, not one packet leaves. */

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { createMachine, type Machine, ofType, textOf } from "./machine.ts";
import { startModel } from "./model-program.ts";
import { namespacesMissing } from "./needs.ts";
import { unplug, watchCable } from "./network-namespace.ts";

/** What a newcomer does: the gateway, a chat that writes, one that reads, a look round, the end. */
async function liveADay(machine: Machine): Promise<void> {
  const gateway = await machine.gateway();
  const wrote = await machine.json(0, ["chat", "--json", "write hello to notes.txt"]);
  assert.equal(wrote.at(-1)?.["type"], "done");
  assert.equal(readFileSync(`${machine.workspace}/notes.txt`, "utf8"), "hello");
  const read = await machine.json(0, ["chat", "--json", "read notes.txt"]);
  assert.match(textOf(read), /hello/);
  assert.equal(ofType(read, "tool-result")[0]?.["output"], "hello");
  await machine.json(0, ["models", "list", "--json"]);
  const [doctor] = await machine.json(0, ["doctor", "--json"]);
  assert.equal(doctor?.["ok"], true);
  await machine.json(0, ["health", "--json"]);
  const page = await gateway.client.get("/");
  assert.equal(page.status, 200);
  await gateway.stop();
}

test(
  "with the cable out: the gateway, a chat that writes a real file, doctor and the API on loopback",
  { skip: namespacesMissing },
  async (t) => {
    const { enter } = await unplug(t);
    const machine = createMachine(t, { enter });
    await liveADay(machine);

    const gateway = await machine.gateway();
    const curl = `fetch(process.argv[1] + "/v1/chat/completions", {
      method: "POST",
      headers: { authorization: "Bearer " + process.argv[2], "content-type": "application/json" },
      body: JSON.stringify({ messages: [{ role: "user", content: "what files do I have?" }] }),
    }).then((answer) => answer.text()).then(console.log)`;
    const [program = "", ...args] = [...enter, process.execPath, "-e", curl];
    const ran = spawnSync(program, [...args, gateway.url, machine.key()], { encoding: "utf8" });
    assert.match(ran.stdout, /"content":"[^"]*notes\.txt/, ran.stderr);
    await gateway.stop();
  },
);

test(
  "security: with the cable in, a whole day with the demonstration model sends nothing, and a control is seen",
  { skip: namespacesMissing },
  async (t) => {
    const machine = createMachine(t);
    const cable = await watchCable(t, machine.path("resolv.conf"));
    const watched = createMachine(t, { enter: cable.enter });
    const before = cable.arrived();
    await liveADay(watched);
    assert.deepEqual(cable.arrived(), before, "nothing left");

    const leak = `
      require("node:dns").lookup("leak.example", () => {});
      require("node:net").connect(443, "203.0.113.7").on("error", () => {});
      require("node:net").connect(443, "2001:db8::7").on("error", () => {});
    `;
    const [program = "", ...args] = cable.enter;
    spawnSync(program, [...args, process.execPath, "-e", leak]);
    const after = cable.arrived();
    assert.ok(after.tcp >= before.tcp + 2, "a connection of each family is seen");
    assert.ok(after.udp > before.udp, "a question to the name server is seen");
  },
);

test(
  "security: with the cable in, a model server on this machine is used and whatever names the internet is refused",
  { skip: namespacesMissing },
  async (t) => {
    const machine = createMachine(t);
    const cable = await watchCable(t, machine.path("resolv.conf"));
    const ollama = await startModel(
      t,
      "ollama",
      {
        turns: [
          [
            {
              call: "run",
              arguments: '{"command":"cat < /dev/tcp/203.0.113.9/80; getent hosts leak.example"}',
            },
          ],
          [{ text: "It has no network." }],
        ],
      },
      cable.enter,
    );
    const watched = createMachine(t, {
      enter: cable.enter,
      env: { OLLAMA_HOST: ollama.address },
      config: {
        models: {
          providers: {
            cloud: { baseUrl: "https://api.example.com/v1", models: { best: {} } },
            numbered: { baseUrl: "http://203.0.113.8/v1", models: { best: {} } },
          },
        },
        agents: { defaults: { model: { fallbacks: ["cloud/best", "numbered/best"] } } },
      },
    });
    const before = cable.arrived();
    const events = await watched.json(0, ["chat", "--json", "try to get out"]);
    assert.match(textOf(events), /no network/);
    const refused = await watched.json(2, ["chat", "--json", "--model", "cloud/best", "hello"]);
    assert.equal(refused.at(-1)?.["code"], "MODEL_NOT_ALLOWED");
    await watched.isopod(["models", "list"]);
    await watched.isopod(["doctor"]);
    assert.deepEqual(cable.arrived(), before, "nothing left");

    // The control: the same with the person's word for it does try.
    await watched.json(0, ["mode", "set", "internet", "--json"]);
    await watched.isopod(["chat", "--json", "--model", "numbered/best", "hello"]);
    assert.ok(cable.arrived().tcp > before.tcp, "in mode internet it is contacted");
  },
);
