/**
 * What the egress promises, in a network namespace whose loopback has one address of every kind. An
 * observer listens on all of them; each attack has a control that goes round the guard and must arrive.
 *
 * Run by itself the file makes the namespace and runs again inside.
 */

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { createServer, get, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";

import { systemClock } from "../base/clock.ts";
import type { LedgerLine } from "../protocol/api.ts";
import type { Mode } from "../protocol/event.ts";
import { openDoors } from "../process/doors.ts";
import { createEgress } from "./guard.ts";

const INSIDE = "ISOPOD_TEST_NAMESPACE";
const FILE = fileURLToPath(import.meta.url);

const LAN = "192.168.77.7";
const MESH = "100.64.0.9";
const PUBLIC = "203.0.113.9";
const METADATA = "169.254.169.254";

if (process.env[INSIDE] === "1") runInside();
else runOutside();

function runOutside(): void {
  const script = [
    "ip link set lo up",
    ...[LAN, MESH, PUBLIC, METADATA].map((address) => `ip addr add ${address}/32 dev lo`),
    'exec "$0" "$1"',
  ].join(" && ");
  const inNamespace = (command: string, ...args: string[]) => {
    // Without what node:test sets, the tests inside run and report as if started by hand.
    const { NODE_TEST_CONTEXT: _, ...env } = process.env;
    const options = { env: { ...env, [INSIDE]: "1" }, encoding: "utf8" } as const;
    return spawnSync("unshare", ["--user", "--map-root-user", "--net", command, ...args], options);
  };
  const isPossible = inNamespace("ip", "link").status === 0;
  const skip = isPossible ? false : "unshare, ip or user namespaces are missing";

  test("security: the egress holds in a namespace with addresses of every kind", { skip }, () => {
    const { status, stdout, stderr } = inNamespace("sh", "-c", script, process.execPath, FILE);
    assert.equal(status, 0, `${stdout}\n${stderr}`);
    assert.match(stdout, /^ℹ pass [1-9]\d|^# pass [1-9]\d/m, "fewer tests ran than there are");
  });
}

function runInside(): void {
  let port = 0;
  /** The addresses at which something arrived. */
  const arrived: string[] = [];
  const observer = createServer((request, response) => {
    arrived.push(request.socket.localAddress?.replace("::ffff:", "") ?? "");
    const { searchParams } = new URL(request.url ?? "/", "http://observer");
    const to = searchParams.get("redirect");
    response.writeHead(to ? 302 : 200, to ? { location: to } : {}).end("ok");
  });
  before(async () => {
    await new Promise<void>((resolve) => observer.listen(0, "::", resolve));
    port = (observer.address() as AddressInfo).port;
  });
  after(() => {
    observer.closeAllConnections();
    observer.close();
  });

  /** Asks through the guard; returns the code of its refusal, or the status of the answer. */
  async function ask(mode: Mode, host: string, given: Given = {}): Promise<string | number> {
    const { hosts = [], answers = () => [], path = "/" } = given;
    const egress = createEgress({
      doors: openDoors,
      policy: () => ({ mode, hosts: hosts.map((name) => ({ host: name, setting: "s" })) }),
      ledger: { append: (line) => void lines.push(line) },
      clock: systemClock,
      lookup: async () => answers(),
    });
    const signal = AbortSignal.timeout(5_000);
    try {
      const url = `http://${host}:${port}${path}`;
      const answer = await egress.request({ url, purpose: "attack", signal });
      await answer.text();
      return answer.status;
    } catch (error) {
      return (error as { code?: string }).code ?? String(error); // asserted on by every test
    } finally {
      egress.close();
    }
  }
  const lines: Omit<LedgerLine, "at">[] = [];

  /** The control: the same without the guard. */
  async function goRound(host: string): Promise<void> {
    const answer = await new Promise<IncomingMessage>((resolve, reject) => {
      get(`http://${host}:${port}/`, { agent: false }, resolve).on("error", reject);
    });
    answer.resume();
  }

  /** Refused by the guard, with nothing at the observer; without the guard it arrives at `address`. */
  function refused(title: string, attack: Attack): void {
    test(`security: ${title}`, async () => {
      arrived.length = 0;
      lines.length = 0;
      assert.equal(await ask(attack.mode, attack.host, attack), "EGRESS_BLOCKED");
      assert.deepEqual(arrived, []);
      assert.deepEqual(
        lines.filter(({ kind }) => kind === "request").map(({ verdict }) => verdict),
        ["blocked"],
      );
      await goRound(attack.at);
      assert.deepEqual(arrived, [attack.address ?? attack.at], "the control must arrive");
    });
  }

  refused("device reaches no LAN", { mode: "device", host: LAN, hosts: [LAN], at: LAN });
  refused("device reaches no mesh", { mode: "device", host: MESH, hosts: [MESH], at: MESH });
  refused("private reaches no LAN host that config does not name", {
    mode: "private",
    host: LAN,
    at: LAN,
  });
  refused("private reaches no internet", {
    mode: "private",
    host: PUBLIC,
    hosts: [PUBLIC],
    at: PUBLIC,
  });
  refused("internet reaches no host that config does not name", {
    mode: "internet",
    host: PUBLIC,
    at: PUBLIC,
  });
  refused("metadata is closed even when listed", {
    mode: "internet",
    host: METADATA,
    hosts: [METADATA],
    at: METADATA,
  });
  refused("0.0.0.0 is not this machine", {
    mode: "internet",
    host: "0.0.0.0",
    hosts: ["0.0.0.0"],
    at: "0.0.0.0",
    address: "127.0.0.1",
  });
  refused("an IPv4-mapped address is the address that it hides", {
    mode: "private",
    host: `[::ffff:${PUBLIC}]`,
    hosts: [`[::ffff:${PUBLIC}]`],
    at: `[::ffff:${PUBLIC}]`,
    address: PUBLIC,
  });
  refused("a decimal host is the address that it hides", {
    mode: "private",
    host: String(0xcb007109),
    hosts: [PUBLIC],
    at: String(0xcb007109),
    address: PUBLIC,
  });
  refused("an octal host is the address that it hides", {
    mode: "private",
    host: "0313.0.0161.011",
    hosts: [PUBLIC],
    at: "0313.0.0161.011",
    address: PUBLIC,
  });
  refused("a hexadecimal host is the address that it hides", {
    mode: "private",
    host: "0xcb.0x7109",
    hosts: [PUBLIC],
    at: "0xcb.0x7109",
    address: PUBLIC,
  });
  refused("a listed name that leads to the internet is refused in private", {
    mode: "private",
    host: "box.lan",
    hosts: ["box.lan"],
    answers: () => [PUBLIC],
    at: PUBLIC,
  });
  refused("one public address among private ones spoils the name", {
    mode: "private",
    host: "box.lan",
    hosts: ["box.lan"],
    answers: () => [LAN, PUBLIC],
    at: PUBLIC,
  });
  refused("a name that leads to metadata is refused", {
    mode: "internet",
    host: "api.example",
    hosts: ["api.example"],
    answers: () => [METADATA],
    at: METADATA,
  });

  test("security: a resolver that changes its mind between check and use changes nothing", async () => {
    arrived.length = 0;
    let asked = 0;
    const answers = () => (asked++ === 0 ? [LAN] : [PUBLIC]);
    assert.equal(await ask("private", "box.lan", { hosts: ["box.lan"], answers }), 200);
    assert.deepEqual(arrived, [LAN]);
    assert.equal(asked, 1, "asked once, and connected to what was checked");
  });

  test("security: localhost is this machine, whatever the resolver says", async () => {
    for (const host of ["localhost", "x.localhost", "LOCALHOST."]) {
      arrived.length = 0;
      let asked = 0;
      const answers = () => [[PUBLIC], ++asked][0] as string[];
      assert.equal(await ask("device", host, { answers }), 200);
      assert.deepEqual(arrived, ["127.0.0.1"]);
      assert.equal(asked, 0);
    }
  });

  test("security: an unlisted name is not even asked for", async () => {
    let asked = 0;
    const answers = () => {
      asked += 1;
      return [LAN];
    };
    assert.equal(await ask("internet", "leak.example", { answers }), "EGRESS_BLOCKED");
    assert.equal(await ask("device", "box.lan", { hosts: ["box.lan"], answers }), "EGRESS_BLOCKED");
    assert.equal(asked, 0);
    assert.equal(await ask("private", "box.lan", { hosts: ["box.lan"], answers }), 200);
    assert.equal(asked, 1, "the control: a listed one is");
  });

  test("security: a redirect from an allowed host leads nowhere by itself", async () => {
    arrived.length = 0;
    const path = `/?redirect=${encodeURIComponent(`http://${PUBLIC}:${port}/`)}`;
    assert.equal(await ask("private", LAN, { hosts: [LAN], path }), 302);
    assert.deepEqual(arrived, [LAN]);
    await fetch(`http://${LAN}:${port}${path}`);
    assert.deepEqual(arrived, [LAN, LAN, PUBLIC], "the control follows it");
  });

  test("security: proxies of the environment are not asked", async () => {
    const proxy = `http://${PUBLIC}:${port}`;
    for (const name of ["http_proxy", "HTTP_PROXY", "ALL_PROXY"]) process.env[name] = proxy;
    process.env["NODE_USE_ENV_PROXY"] = "1";
    arrived.length = 0;
    assert.equal(await ask("private", LAN, { hosts: [LAN] }), 200);
    assert.deepEqual(arrived, [LAN]);
    const { Agent } = await import("node:http");
    const agent = new Agent({ proxyEnv: process.env });
    await new Promise((resolve) => get(`http://${LAN}:${port}/`, { agent }, resolve));
    assert.deepEqual(arrived, [LAN, PUBLIC], "the control goes through it");
    agent.destroy();
  });

  test("what is allowed arrives: LAN, mesh and internet, each in its mode", async () => {
    arrived.length = 0;
    assert.equal(await ask("private", LAN, { hosts: [LAN] }), 200);
    assert.equal(await ask("private", MESH, { hosts: [`http://${MESH}`, MESH] }), 200);
    assert.equal(await ask("internet", PUBLIC, { hosts: [PUBLIC] }), 200);
    assert.deepEqual(arrived, [LAN, MESH, PUBLIC]);
  });
}

type Given = { hosts?: string[]; answers?: () => string[]; path?: string };

/** `at` is where the control connects to, and `address` what that is, where it says it otherwise. */
type Attack = Given & { mode: Mode; host: string; at: string; address?: string };
