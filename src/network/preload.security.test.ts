/**
 * What the preload promises, tried by `test/fixtures/network-attacks.cjs` in two processes: one without it,
 * where every attack must be seen to work, and one with it. What counts is what arrives at the observers.
 */

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createSocket, type Socket as UdpSocket } from "node:dgram";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { type AddressInfo, createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { fileURLToPath } from "node:url";

import { PRELOAD } from "../process/doors.ts";

const ATTACKS = fileURLToPath(new URL("../../test/fixtures/network-attacks.cjs", import.meta.url));
const names: { tcp: string[]; udp: string[]; inside: string[] } = createRequire(import.meta.url)(
  ATTACKS,
);

/** Tried by the very first file that is loaded, which holds the doors. */
const THROUGH = "through an open door";
const BESIDE = ["beside an open door, later", "beside an open door, in a microtask"];

const folder = mkdtempSync(join(tmpdir(), "isopod-attacks-"));
after(() => rmSync(folder, { recursive: true, force: true }));

let control: Seen;
let guarded: Seen;

before(async () => {
  const first = writeFirst();
  control = await observe(["--require", first]);
  guarded = await observe(["--require", fileURLToPath(PRELOAD), "--require", first]);
});

describe("security: with the preload nothing arrives from", () => {
  for (const name of [...names.tcp, ...names.udp, ...BESIDE]) {
    test(name, () => {
      assert.ok(control.arrived.has(name), "without it, it must arrive: the attack proves nothing");
      assert.ok(!guarded.arrived.has(name), "it arrived");
    });
  }
});

describe("security: with the preload a library cannot have", () => {
  for (const name of names.inside) {
    test(name, () => {
      assert.equal(
        control.did.get(name),
        true,
        "without it, it must succeed: the attack proves nothing",
      );
      assert.equal(guarded.did.get(name), false);
    });
  }
});

test("an open door lets through what it was opened for", () => {
  assert.ok(guarded.arrived.has(THROUGH));
});

test("who holds the doors hears of what was refused", () => {
  const kinds = new Set(guarded.refused.map(({ kind }) => kind));
  for (const kind of ["connection", "name", "datagram", "listener", "program", "native add-on"]) {
    assert.ok(kinds.has(kind), `${kind} is missing among ${[...kinds].join(", ")}`);
  }
});

type Seen = {
  arrived: Set<string>;
  did: Map<string, boolean>;
  refused: { kind: string; target: string }[];
};

/** Runs all attacks in one process, with an observer of its own for each. */
async function observe(flags: readonly string[]): Promise<Seen> {
  const seen: Seen = { arrived: new Set(), did: new Map(), refused: [] };
  const tcp = await Promise.all(
    [...names.tcp, ...BESIDE, THROUGH].map((name) => listenTcp(name, seen.arrived)),
  );
  const udp = await Promise.all(names.udp.map((name) => listenUdp(name, seen.arrived)));
  const socket = join(folder, "observer.sock");
  const unix = createServer((connection) => connection.destroy()).listen(socket);
  const given = {
    folder,
    socket,
    ports: Object.fromEntries(tcp.map(({ name, port }) => [name, port])),
    udpPorts: Object.fromEntries(udp.map(({ name, port }) => [name, port])),
  };
  const output = await run([...flags, ATTACKS, JSON.stringify(given)]);
  for (const line of output.split("\n").filter((text) => text.startsWith("{"))) {
    // Our own fixture's lines: one for each attack, and one for each refusal that was heard of.
    const { name, did, kind, target } = JSON.parse(line) as Record<string, never>;
    if (kind) seen.refused.push({ kind, target: target ?? "" });
    else if (name) seen.did.set(name, did ?? false);
  }
  for (const { close } of [...tcp, ...udp]) close();
  await new Promise((resolve) => unix.close(resolve));
  return seen;
}

type Observer = { name: string; port: number; close(): void };

async function listenTcp(name: string, arrived: Set<string>): Promise<Observer> {
  const server: Server = createServer((socket) => {
    arrived.add(name);
    socket.on("error", () => {});
    socket.destroy();
  });
  // Both families: an attack on ::ffff:127.0.0.1 or localhost must find it.
  await new Promise<void>((resolve) => server.listen(0, "::", resolve));
  return { name, port: (server.address() as AddressInfo).port, close: () => server.close() };
}

async function listenUdp(name: string, arrived: Set<string>): Promise<Observer> {
  const socket: UdpSocket = createSocket("udp4");
  socket.on("message", (message, { port, address }) => {
    arrived.add(name);
    if (message.length < 12) return;
    // To a question of DNS: refused, so that who asked does not wait.
    message.writeUInt16BE(0x8105, 2);
    socket.send(message, port, address);
  });
  await new Promise<void>((resolve) => socket.bind(0, "127.0.0.1", resolve));
  return { name, port: socket.address().port, close: () => socket.close() };
}

/** The file that is loaded first of all takes the doors, as `app.ts` does, and misuses them. */
function writeFirst(): string {
  const file = join(folder, "holder.cjs");
  const code = `
    const { isMainThread } = require("node:worker_threads");
    const take = process[Symbol.for("isopod.doors")] ?? (() => ({ connect: (act) => act(), watch() {} }));
    const given = isMainThread && process.argv[2]?.startsWith("{") && JSON.parse(process.argv[2]);
    if (given) {
      const doors = take();
      const net = require("node:net");
      const dial = (name) => net.connect(given.ports[name], "127.0.0.1").on("error", () => {});
      doors.connect(() => dial(${JSON.stringify(THROUGH)}));
      doors.connect(() => {
        setTimeout(dial, 10, ${JSON.stringify(BESIDE[0])});
        Promise.resolve(${JSON.stringify(BESIDE[1])}).then(dial);
      });
      doors.watch((attempt) => process.stdout.write(JSON.stringify(attempt) + "\\n"));
    }`;
  writeFileSync(file, code);
  return file;
}

function run(args: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    const env = { PATH: process.env["PATH"] ?? "" };
    const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "pipe"], env });
    let text = "";
    child.stdout.on("data", (chunk) => (text += String(chunk)));
    child.stderr.resume();
    child.once("error", reject);
    child.once("close", () => resolve(text));
  });
}
