import assert from "node:assert/strict";
import { test } from "node:test";

import { parseCounters } from "../../network/counters.ts";
import type { LedgerLine } from "../../protocol/api.ts";
import { type Left, NOTHING, sumCounters, toPeers, unaccounted } from "./account.ts";

const line = (more: Partial<LedgerLine>): LedgerLine => ({
  at: 1,
  kind: "request",
  purpose: "models.chat",
  host: "192.168.1.9:11434",
  address: "192.168.1.9",
  sentBytes: 0,
  receivedBytes: 0,
  verdict: "allowed",
  ...more,
});

/** So many datagrams of so many bytes left by an interface; what is counted on loopback is not among them. */
const sent = (datagrams: number, bytes: number, more: Partial<Left> = {}): Left => ({
  ...NOTHING,
  frames: datagrams,
  sentBytes: bytes + datagrams * 14,
  requests: datagrams + 100,
  octets: bytes + 5_000,
  loFrames: 100,
  loBytes: 5_000 + 1_400,
  ...more,
});

test("where the ledger has nobody beyond this machine, one datagram is too much", () => {
  const local = [line({ address: "127.0.0.1", sentBytes: 500 }), line({ address: "" })];
  assert.equal(unaccounted(sent(0, 0), local), 0);
  assert.equal(unaccounted(sent(1, 40), local), 40);
  // Hardware addresses are asked for, and the kernel speaks of itself over IPv6.
  assert.equal(unaccounted(sent(0, 0, { frames: 3, sentBytes: 126 }), local), 0);
  assert.equal(unaccounted(sent(3, 216, { chatter: 3 }), local), 0);
  assert.ok(unaccounted(sent(4, 256, { chatter: 3, frames: 6 }), local) > 0);
  // A filter dropped it: it was sent, and left by no interface.
  assert.equal(unaccounted(sent(1, 40, { frames: 0, sentBytes: 0 }), local), 0);
});

test("what was told leaves with its headers; what is beyond that is unaccounted for", () => {
  const told = [line({ kind: "connection" }), line({ sentBytes: 10_000 })];
  assert.equal(unaccounted(sent(12, 10_000 + 12 * 52), told), 0);
  const leaking = sent(14, 12_000 + 14 * 52);
  assert.ok(unaccounted(leaking, told) > 1_500);
  assert.equal(unaccounted({ ...leaking, resent: 2 }, told), 0, "it may have been sent twice");
  const asked = [line({ kind: "name", address: "" })];
  assert.equal(unaccounted(sent(2, 140), asked), 0, "a question for a name");
});

test("counters are summed run by run: what was counted while no gateway ran is not its own", () => {
  const counted = (purpose: string, sentBytes: number, host = "net:[1]") => {
    const { sentBytes: _, ...zero } = NOTHING;
    const counters = { ...zero, frames: sentBytes / 10 };
    return line({ kind: "counters", purpose, host, sentBytes, counters });
  };
  const lines = [
    counted("counters.start", 100),
    counted("counters", 150),
    counted("counters.start", 900),
    line({}),
    counted("counters", 910),
    counted("counters", 50, "net:[2]"),
  ];
  assert.deepEqual(sumCounters(lines, "counters.start"), { ...NOTHING, frames: 6, sentBytes: 60 });
});

test("a peer reads not proven, unless it shares the namespace that is counted", () => {
  const lines = [
    line({ kind: "connection", host: "127.0.0.1:1", address: "127.0.0.1" }),
    line({ host: "127.0.0.1:1", address: "127.0.0.1", sentBytes: 5, receivedBytes: 7 }),
    line({ host: "/run/model.sock", address: "" }),
    line({}),
    line({ kind: "program", host: "llama-server", address: "host" }),
    line({ kind: "program", host: "bash", address: "none" }),
    line({ host: "203.0.113.1:443", address: "203.0.113.1", verdict: "blocked" }),
    line({ host: "127.0.0.1:9", address: "", why: "ECONNREFUSED" }),
  ];
  const shown = (isOwn: boolean) =>
    toPeers(lines, isOwn).map(({ place, onward }) => `${place} ${onward}`);
  assert.deepEqual(shown(false), [
    "device not proven",
    "unix not proven",
    "lan not proven",
    "program not proven",
  ]);
  assert.deepEqual(shown(true), [
    "device counted",
    "unix not proven",
    "lan not proven",
    "program counted",
  ]);
  const [first] = toPeers(lines, false);
  assert.deepEqual(
    [first?.requests, first?.connections, first?.sentBytes, first?.receivedBytes],
    [1, 1, 5, 7],
  );
});

test("counters are read from the kernel's own files, loopback left out", () => {
  const dev = `Inter-|   Receive  |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed
    lo:     900       9    0    0    0     0          0         0      900       9    0    0    0     0       0          0
  near:     516       6    0    0    0     0          0         0      348       4    0    2    0     0       0          0
  eth0:       4       1    0    0    0     0          0         0        2       1    0    0    0     0       0          0
`;
  const snmp = "Ip: A OutRequests\nIp: 1 13\nTcp: A RetransSegs B\nTcp: 1 5 2\n";
  const netstat = "TcpExt: X\nTcpExt: 1\nIpExt: InOctets OutOctets\nIpExt: 7 1000\n";
  const snmp6 =
    "Ip6OutRequests 4\nIp6OutOctets 300\nIcmp6OutMLDv2Reports \t2\nIcmp6OutEchos 7\nIcmp6OutNeighborSolicits 1\n";
  assert.deepEqual(parseCounters({ dev, snmp, netstat, snmp6 }), {
    interfaces: ["near", "eth0"],
    frames: 5,
    sentBytes: 350,
    receivedBytes: 520,
    requests: 17,
    octets: 1300,
    loFrames: 9,
    loBytes: 900,
    chatter: 3,
    resent: 5,
  });
});
