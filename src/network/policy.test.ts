import assert from "node:assert/strict";
import { test } from "node:test";

import fc from "fast-check";

import type { Mode } from "../protocol/event.ts";
import { readAddress } from "./address.ts";
import type { Policy } from "./egress.ts";
import { decideEgress, toAllowedHost } from "./policy.ts";

const LISTED = ["192.168.1.2", "100.64.0.9", "8.8.8.8", "box.lan", "api.example", "[fd12::1]"];

test("device reaches loopback and Unix sockets, and nothing else", () => {
  assert.deepEqual(ask("device", "127.0.0.1"), ["127.0.0.1"]);
  assert.deepEqual(ask("device", "[::1]"), ["::1"]);
  assert.deepEqual(ask("device", "localhost"), ["127.0.0.1", "::1"]);
  assert.deepEqual(decideEgress(policy("device"), { kind: "unix", path: "/run/model.sock" }), {
    verdict: "allowed",
    addresses: [],
  });
  for (const host of LISTED) assert.match(blocked("device", host), /this machine|internet/, host);
});

test("private adds the hosts of LAN and mesh that config names", () => {
  assert.deepEqual(ask("private", "192.168.1.2"), ["192.168.1.2"]);
  assert.deepEqual(ask("private", "100.64.0.9"), ["100.64.0.9"]);
  assert.deepEqual(ask("private", "[fd12::1]"), ["fd12::1"]);
  assert.deepEqual(ask("private", "BOX.lan.", ["192.168.1.2"]), ["192.168.1.2"]);
  assert.match(blocked("private", "192.168.1.3"), /no setting names it/);
  assert.match(blocked("private", "8.8.8.8"), /on the internet/);
});

test("internet adds the hosts of the internet that config names", () => {
  assert.deepEqual(ask("internet", "8.8.8.8"), ["8.8.8.8"]);
  assert.deepEqual(ask("internet", "api.example", ["203.0.113.9"]), ["203.0.113.9"]);
  assert.match(blocked("internet", "1.1.1.1"), /no setting names it/);
});

test("a name is asked for only when config lists it and the mode is not device", () => {
  assert.equal(decide("private", "box.lan").verdict, "resolve");
  assert.equal(decide("device", "box.lan").verdict, "blocked");
  assert.equal(decide("internet", "elsewhere.example").verdict, "blocked");
  assert.equal(decide("private", "localhost").verdict, "allowed");
});

test("every refusal says how to allow it", () => {
  const decision = decide("private", "8.8.8.8");
  assert.equal(
    decision.verdict === "blocked" && decision.allow,
    "Allow it with `isopod mode set internet`",
  );
});

test("where config caps the mode, a refusal does not advise a mode that cannot be set", () => {
  const capped: Policy = { ...policy("private"), cap: "private" };
  const decision = decideEgress(capped, { kind: "tcp", host: "8.8.8.8" });
  assert.match(
    (decision.verdict === "blocked" && decision.allow) || "",
    /^Remove `offline: true` from the config, restart, then/,
  );
});

test("security: a listed name that leads to the internet is refused in private", () => {
  assert.match(blocked("private", "box.lan", ["203.0.113.9"]), /203\.0\.113\.9.*internet/);
});

test("security: one forbidden address spoils a name", () => {
  assert.match(blocked("private", "box.lan", ["192.168.1.2", "203.0.113.9"]), /internet/);
  assert.match(blocked("internet", "api.example", ["203.0.113.9", "169.254.169.254"]), /never/);
});

test("security: localhost that leads elsewhere is refused in every mode", () => {
  for (const mode of ["device", "private", "internet"] as const) {
    assert.match(blocked(mode, "localhost", ["192.168.1.2"]), /must be this machine/);
    assert.match(blocked(mode, "x.localhost", ["127.0.0.1", "8.8.8.8"]), /must be this machine/);
  }
});

test("security: metadata and 0.0.0.0 stay closed even where config lists them", () => {
  for (const host of ["169.254.169.254", "0.0.0.0", "[::]", "[::ffff:169.254.169.254]"]) {
    const listed = { mode: "internet" as const, hosts: [{ host, setting: "network.allow" }] };
    assert.equal(decideEgress(listed, { kind: "tcp", host }).verdict, "blocked", host);
  }
});

test("security: whatever a resolver answers, only checked addresses come back", () => {
  const address = fc.oneof(fc.ipV4(), fc.ipV6(), fc.string());
  const mode = fc.constantFrom<Mode>("device", "private", "internet");
  fc.assert(
    fc.property(
      mode,
      fc.constantFrom("box.lan", "localhost"),
      fc.array(address),
      (mode, host, answers) => {
        const decision = decide(mode, host, answers);
        if (decision.verdict !== "allowed") return;
        assert.ok(decision.addresses.length > 0);
        for (const address of decision.addresses) {
          const found = readAddress(address)?.class;
          assert.notEqual(found, "never");
          if (mode === "device" || host === "localhost") assert.equal(found, "device");
          if (mode === "private") assert.notEqual(found, "public");
        }
      },
    ),
  );
});

test("toAllowedHost() takes the host out of what settings hold", () => {
  const host = (value: string) => toAllowedHost(value, "s")?.host;
  assert.equal(host("http://Box.lan:11434/v1"), "box.lan");
  assert.equal(host("https://user:secret@api.example"), "api.example");
  assert.equal(host("box.lan"), "box.lan");
  assert.equal(host("192.168.1.2:1234"), "192.168.1.2");
  assert.equal(host("fd12::1"), "fd12::1");
  assert.equal(host("http://[fd12::1]:80/"), "fd12::1");
  assert.equal(host("unix:/run/model.sock:/v1"), undefined);
  assert.equal(host(""), undefined);
});

function policy(mode: Mode): Policy {
  return { mode, hosts: LISTED.map((host) => ({ host, setting: "network.allow" })) };
}

function decide(mode: Mode, host: string, addresses?: readonly string[]) {
  return decideEgress(policy(mode), { kind: "tcp", host, ...(addresses && { addresses }) });
}

function ask(mode: Mode, host: string, answers?: readonly string[]): readonly string[] {
  const decision = decide(mode, host, answers);
  assert.ok(decision.verdict === "allowed", JSON.stringify(decision));
  return decision.addresses;
}

function blocked(mode: Mode, host: string, answers?: readonly string[]): string {
  const decision = decide(mode, host, answers);
  assert.ok(decision.verdict === "blocked", `${host} was ${decision.verdict}`);
  return decision.why;
}
