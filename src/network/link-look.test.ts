import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import type { networkInterfaces } from "node:os";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";

import { lookAtNetwork, toFooting } from "./link-look.ts";

const HEAD4 =
  "Iface\tDestination\tGateway \tFlags\tRefCnt\tUse\tMetric\tMask\t\tMTU\tWindow\tIRTT\n";
/** Interface, destination, gateway, flags and mask. */
const LINE4 = (fields: string) => {
  const [device, to, via, flags, mask] = fields.split(" ");
  return `${device}\t${to}\t${via}\t${flags}\t0\t0\t100\t${mask}\t0\t0\t0\n`;
};
const DEFAULT4 = LINE4("eth0 00000000 0101A8C0 0003 00000000");
const LAN4 = LINE4("eth0 0001A8C0 00000000 0001 00FFFFFF");
const ZERO = "0".repeat(32);
const LINE6 = (to: string, prefix: string, flags: string, device: string) =>
  `${to} ${prefix} ${ZERO} 00 fe800000000000000000000000000001 00000064 00000001 00000000 ${flags} ${device.padStart(8)}\n`;
const UNREACHABLE6 = LINE6(ZERO, "00", "00200200", "lo");

test("a machine with loopback alone has no link", (t) => {
  assert.equal(footing(t, { route: HEAD4, addresses: {} }).link, "no-link");
});

test("a default route of IPv4 or of IPv6 alone leads out, a network without one does not", (t) => {
  const lan = { eth0: ["192.168.1.7"] };
  assert.equal(footing(t, { route: HEAD4 + LAN4 + DEFAULT4, addresses: lan }).link, "unknown");
  assert.equal(footing(t, { route: HEAD4 + LAN4, addresses: lan }).link, "local");
  const six = { eth0: ["2001:db8::7"] };
  const only6 = LINE6(ZERO, "00", "00450003", "eth0") + UNREACHABLE6;
  assert.equal(footing(t, { route6: only6, addresses: six }).link, "unknown");
  assert.equal(footing(t, { route: HEAD4, route6: UNREACHABLE6, addresses: six }).link, "local");
});

test("a route that refuses, or leads over an interface without carrier, leads nowhere", (t) => {
  const lan = { eth0: ["192.168.1.7"] };
  const blackhole = HEAD4 + LINE4("* 00000000 00000000 0201 00000000");
  assert.equal(footing(t, { route: blackhole, addresses: lan }).link, "local");
  const other = HEAD4 + DEFAULT4.replace("eth0", "wlan0");
  assert.equal(footing(t, { route: other, addresses: lan }).link, "local");
});

test("a VPN's two halves are a default route, one of them is none", (t) => {
  const both = { eth0: ["192.168.1.7"], tun0: ["10.8.0.2"] };
  const low = LINE4("tun0 00000000 0100080A 0003 00000080");
  const high = LINE4("tun0 00000080 0100080A 0003 00000080");
  const found = footing(t, { route: HEAD4 + low + high, addresses: both });
  assert.deepEqual([found.link, found.reason], ["unknown", "a default route over tun0"]);
  assert.equal(footing(t, { route: HEAD4 + low, addresses: both }).link, "local");
});

test("a tunnel that outlived its cable is no link, whatever its routes say", (t) => {
  const route = HEAD4 + DEFAULT4.replace("eth0", "wg0");
  const found = footing(t, { route, addresses: { wg0: ["10.8.0.2"], docker0: ["172.17.0.1"] } });
  assert.deepEqual([found.link, found.reason], ["no-link", "only tunnels are up"]);
});

test("the kernel's word on what an interface is goes before its name", (t) => {
  const route = HEAD4 + DEFAULT4.replace("eth0", "home");
  const addresses = { home: ["10.8.0.2"] };
  assert.equal(footing(t, { route, addresses, types: { home: "65534" } }).link, "no-link");
  assert.equal(footing(t, { route, addresses, types: { home: "1" } }).link, "unknown");
  const modem = { home: "65534", "home/device": "" };
  assert.equal(footing(t, { route, addresses, types: modem }).link, "unknown");
  const tap = HEAD4 + DEFAULT4.replace("eth0", "tap0"); // a rootless container's
  assert.equal(footing(t, { route: tap, addresses: { tap0: ["10.0.2.100"] } }).link, "unknown");
});

test("another address or router is another network; another IPv6 address is not", (t) => {
  const at = (...addresses: string[]) =>
    footing(t, { route: HEAD4 + DEFAULT4, addresses: { eth0: addresses } }).network;
  const home = at("192.168.1.7", "2001:db8::1");
  assert.equal(at("192.168.1.7", "2001:db8::2"), home);
  assert.notEqual(at("192.168.1.8"), home);
  const moved = HEAD4 + DEFAULT4.replace("0101A8C0", "FE01A8C0");
  assert.notEqual(footing(t, { route: moved, addresses: { eth0: ["192.168.1.7"] } }).network, home);
});

test("a system that does not tell its routes is believed to have one", (t) => {
  assert.equal(footing(t, { addresses: { en0: ["192.168.1.7"] } }).link, "unknown");
});

test("this very system can be looked at", () => {
  const { link, reason } = toFooting(lookAtNetwork());
  assert.ok(["no-link", "local", "unknown"].includes(link), reason);
});

type Given = {
  route?: string;
  route6?: string;
  addresses: Record<string, string[]>;
  /** Files below /sys/class/net: the interface's type, or a folder of its own where it ends in "/device". */
  types?: Record<string, string>;
};

function footing(t: TestContext, { route, route6, addresses, types = {} }: Given) {
  const folder = mkdtempSync(join(tmpdir(), "isopod-look-"));
  t.after(() => rmSync(folder, { recursive: true }));
  mkdirSync(join(folder, "net"));
  if (route !== undefined) writeFileSync(join(folder, "net/route"), route);
  if (route6 !== undefined) writeFileSync(join(folder, "net/ipv6_route"), route6);
  for (const [name, type] of Object.entries(types)) {
    mkdirSync(join(folder, "class/net", name), { recursive: true });
    if (type) writeFileSync(join(folder, "class/net", name, "type"), `${type}\n`);
  }
  const interfaces = () =>
    Object.fromEntries(
      Object.entries({ lo: ["127.0.0.1"], ...addresses }).map(([name, list]) => [
        name,
        list.map((address) => ({ address, internal: name === "lo" })),
      ]),
    ) as ReturnType<typeof networkInterfaces>; // what is read of them
  return toFooting(lookAtNetwork({ proc: folder, sys: folder, interfaces }));
}
