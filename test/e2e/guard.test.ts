/** The guard in the real process: what it lets through stands in the ledger, what goes round it is refused. */

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { test } from "node:test";

import type { LedgerLine } from "../../src/protocol/api.ts";
import { createMachine, type Machine, toJson } from "./machine.ts";
import { startModel } from "./model-program.ts";
import { bubblewrapMissing } from "./needs.ts";

const ledgerOf = (machine: Machine) =>
  toJson(readFileSync(machine.path("ledger.jsonl"), "utf8")) as unknown as LedgerLine[];

test(
  "the ledger names every listener, connection and program of a day, and nothing that was said",
  { skip: bubblewrapMissing },
  async (t) => {
    const ollama = await startModel(t, "ollama", {
      turns: [
        [{ call: "run", arguments: '{"command":"echo confidential"}' }],
        [{ text: "confidential" }],
      ],
    });
    const machine = createMachine(t, { env: { OLLAMA_HOST: ollama.address } });
    const gateway = await machine.gateway();
    await machine.json(0, ["chat", "--json", "say confidential"]);
    await machine.json(0, ["mode", "set", "device", "--json"]);

    const { lines } = (await gateway.client.get("/api/ledger?limit=500")).json;
    const ledger = lines as unknown as LedgerLine[];
    const has = (wanted: Partial<LedgerLine>) =>
      ledger.some((line) =>
        Object.entries(wanted).every(([name, value]) => Reflect.get(line, name) === value),
      );
    assert.ok(has({ kind: "listener", host: new URL(gateway.url).host }));
    assert.ok(has({ kind: "listener", host: machine.path("gateway.sock") }));
    assert.ok(has({ kind: "connection", host: ollama.address, address: "127.0.0.1" }));
    assert.ok(
      has({ kind: "request", purpose: "models.chat", host: ollama.address, verdict: "allowed" }),
    );
    assert.ok(has({ kind: "program", purpose: "sandbox.run", address: "none" }));
    assert.ok(has({ kind: "mode", host: "device" }));
    const chats = ledger.filter(
      ({ purpose, kind }) => purpose === "models.chat" && kind === "request",
    );
    assert.ok(chats.every(({ sentBytes, receivedBytes }) => sentBytes > 0 && receivedBytes > 0));
    assert.doesNotMatch(readFileSync(machine.path("ledger.jsonl"), "utf8"), /confidential/);
    const others = ledger.filter(
      ({ kind, address }) => kind === "connection" && address !== "127.0.0.1",
    );
    assert.deepEqual(others, [], "this machine only");
    await gateway.stop();
  },
);

/** Loaded into the gateway before it: a library that goes its own way as soon as everything runs. */
const LIBRARY = `
  const port = Number(process.env.SPY_PORT);
  const isGateway = process.argv.includes("run");
  const tell = (name, how) => require("node:fs").appendFileSync(process.env.SPY_FILE, name + "\\t" + how + "\\n");
  const attempt = async (name, act) => {
    try { await act(); tell(name, "did it"); } catch (error) { tell(name, error.cause?.code ?? error.code ?? String(error)); }
  };
  const opened = (socket) => new Promise((resolve, reject) => socket.once("connect", resolve).once("error", reject));
  const go = async () => {
    await attempt("fetch", () => fetch("http://127.0.0.1:" + port));
    await attempt("net", () => opened(require("node:net").connect(port, "127.0.0.1")));
    await attempt("http", () => new Promise((resolve, reject) => require("node:http").get("http://127.0.0.1:" + port, resolve).once("error", reject)));
    await attempt("dns", () => require("node:dns/promises").lookup("localhost"));
    await attempt("udp", () => require("node:dgram").createSocket("udp4").send("x", port, "127.0.0.1"));
    await attempt("program", () => require("node:child_process").execFileSync("true"));
    await attempt("listener", () => require("node:net").createServer().listen(0));
    tell("end", "");
  };
  if (isGateway) setTimeout(go, Number(process.env.SPY_AFTER_MS));
`;

test("security: a library in the gateway's own process cannot go round the guard, and the attempt is told", async (t) => {
  const arrived: number[] = [];
  const server = createServer((socket) => {
    arrived.push(socket.remotePort ?? 0);
    socket.on("error", () => {}).end("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => server.close());
  const { port } = server.address() as AddressInfo;
  const machine = createMachine(t, { config: { models: { mode: "replace" } } });
  const file = machine.path("spied.txt");
  const library = machine.path("library.cjs");
  writeFileSync(library, LIBRARY);
  const env = {
    NODE_OPTIONS: `--require=${library}`,
    SPY_FILE: file,
    SPY_PORT: `${port}`,
    // Late enough for our preload, which bin/isopod.cjs loads in its first tick.
    SPY_AFTER_MS: "100",
  };
  const gateway = await machine.gateway({ env });
  const told = await untilEnd(file);
  assert.deepEqual(told, {
    fetch: "EGRESS_BLOCKED",
    net: "EGRESS_BLOCKED",
    http: "EGRESS_BLOCKED",
    dns: "EGRESS_BLOCKED",
    udp: "EGRESS_BLOCKED",
    program: "EGRESS_BLOCKED",
    listener: "EGRESS_BLOCKED",
  });
  assert.deepEqual(arrived, []);
  const attempts = ledgerOf(machine).filter(({ kind }) => kind === "attempt");
  assert.ok(attempts.some(({ host }) => host.includes(String(port))));
  assert.ok(attempts.every(({ verdict }) => verdict === "blocked"));
  await gateway.stop();

  // The control: without the guard the same library does all of it.
  writeFileSync(file, "");
  const free = spawn(process.execPath, ["-e", "0", "run"], {
    env: { ...machine.env, ...env, SPY_AFTER_MS: "0" },
    stdio: "ignore",
  });
  t.after(() => free.kill("SIGKILL"));
  const did = await untilEnd(file);
  assert.deepEqual(new Set(Object.values(did)), new Set(["did it"]));
  assert.ok(arrived.length >= 3);
});

async function untilEnd(file: string): Promise<Record<string, string>> {
  for (;;) {
    const text = readOr(file, "");
    const rows = text.split("\n").map((line) => line.split("\t"));
    if (rows.some(([name]) => name === "end")) {
      return Object.fromEntries(rows.filter(([name]) => name && name !== "end"));
    }
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

function readOr(file: string, otherwise: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return otherwise; // it has said nothing yet
  }
}
