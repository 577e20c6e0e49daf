import assert from "node:assert/strict";
import { test } from "node:test";

import { exposedAddress, gatewayChecks, parseBind } from "./checks.ts";
import { gatewaySettings, type GatewaySettings } from "./settings.ts";

const settings = (change: object = {}): GatewaySettings => gatewaySettings.schema.parse(change);
const signal = new AbortController().signal;

async function run(
  code: string,
  change: object,
  deps: { who?: "us" | "nobody" | "stranger"; built?: boolean; listening?: string[] },
) {
  const checks = gatewayChecks({
    settings: settings(change),
    whoListens: async () => deps.who ?? "nobody",
    listening: () => deps.listening ?? [],
    siteBuilt: () => deps.built ?? true,
  });
  const result = await checks.find((check) => check.code === code)?.run(signal);
  return result?.state === "ok" ? "ok" : result?.fault.code;
}

test("gateway.port: a stranger on the port is a fault, we and nobody are not", async () => {
  assert.equal(await run("gateway.port", {}, { who: "us" }), "ok");
  assert.equal(await run("gateway.port", {}, { who: "nobody" }), "ok");
  assert.equal(await run("gateway.port", {}, { who: "stranger" }), "PORT_IN_USE");
  assert.equal(await run("gateway.port", { bind: "unix" }, { who: "stranger" }), "ok");
});

test("security: gateway.exposed sees a setting or an address that lets other machines in", async () => {
  assert.equal(
    await run("gateway.exposed", {}, { listening: ["127.0.0.1:18789", "/run/s"] }),
    "ok",
  );
  assert.equal(await run("gateway.exposed", { bind: "lan" }, {}), "BIND_REFUSED");
  assert.equal(await run("gateway.exposed", {}, { listening: ["0.0.0.0:18789"] }), "BIND_REFUSED");
  for (const address of ["[::]:1", "192.168.0.2:1", "127.0.0.1.evil:1", "[::ffff:10.0.0.1]:1"]) {
    assert.equal(exposedAddress({ bind: "loopback" }, [address]), address);
  }
});

test("gateway.app: an app that was not built has its fix", async () => {
  assert.equal(await run("gateway.app", {}, { built: true }), "ok");
  assert.equal(await run("gateway.app", {}, { built: false }), "APP_MISSING");
});

test("parseBind() refuses what would need TLS", () => {
  assert.equal(parseBind({ bind: "loopback" }), "loopback");
  assert.equal(parseBind({ bind: "unix" }), "unix");
  assert.throws(() => parseBind({ bind: "lan" }), { code: "BIND_REFUSED" });
  assert.throws(() => parseBind({ bind: "tailnet" }), { code: "BIND_REFUSED" });
});

test("the settings have a default for everything, and refuse hosts and origins that mean something else", () => {
  assert.deepEqual(settings(), { port: 18789, bind: "loopback", hosts: [], origins: [] });
  assert.deepEqual(settings({ hosts: ["NAS.local", "[fd00::1]"] }).hosts, [
    "nas.local",
    "[fd00::1]",
  ]);
  for (const change of [
    { hosts: ["*"] },
    { hosts: ["nas.local:80"] },
    { hosts: ["http://nas.local"] },
    { hosts: [""] },
    { origins: ["*"] },
    { origins: ["null"] },
    { origins: ["https://chat.example/"] },
    { origins: ["https://user@chat.example"] },
    { bind: "0.0.0.0" },
    { port: 65536 },
  ]) {
    assert.throws(() => settings(change), JSON.stringify(change));
  }
});
