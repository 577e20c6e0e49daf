import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

import { createPortExposure } from "./exposure.ts";

const line = (address: string, port: number, state = "0A") =>
  ` 0: ${address}:${port.toString(16).toUpperCase().padStart(4, "0")} 00000000:0000 ${state} 0:0 00:0 0 1000 0 42 1`;

test("loopback of both kinds is no exposure; other addresses are, each told once", async (t) => {
  const proc = mkdtempSync(join(tmpdir(), "isopod-proc-"));
  t.after(() => rmSync(proc, { recursive: true, force: true }));
  mkdirSync(join(proc, "net"));
  const tcp = [
    line("0100007F", 1),
    line("0200007F", 1),
    line("00000000", 2),
    line("1401A8C0", 3),
    line("00000000", 5, "01"), // a connection, no listener
  ];
  const tcp6 = [
    line("00000000000000000000000001000000", 1),
    line("0000000000000000FFFF00000100007F", 1),
    line("00000000000000000000000000000000", 2),
    line("000080FE00000000FF005450B6AD1DFE", 4),
  ];
  writeFileSync(join(proc, "net/tcp"), ["header", ...tcp].join("\n"));
  writeFileSync(join(proc, "net/tcp6"), ["header", ...tcp6].join("\n"));
  const exposureOf = createPortExposure({ proc });
  assert.deepEqual(await exposureOf(1), []);
  assert.deepEqual(await exposureOf(2), ["all addresses"]);
  assert.deepEqual(await exposureOf(3), ["192.168.1.20"]);
  assert.deepEqual(await exposureOf(4), ["an IPv6 address of this machine"]);
  assert.deepEqual(await exposureOf(5), []);
});

test("a true listener on loopback is none", { skip: process.platform !== "linux" }, async (t) => {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  t.after(() => server.close());
  const { port } = server.address() as AddressInfo; // TCP, so never a string
  assert.deepEqual(await createPortExposure()(port), []);
});
