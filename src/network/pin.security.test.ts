import assert from "node:assert/strict";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { test, type TestContext } from "node:test";

import { systemClock } from "../base/clock.ts";
import { silentLog } from "../base/log.ts";
import { openDoors } from "../process/doors.ts";
import { createCertificate, createKey, publicKeyOf } from "../relay/certificate.ts";
import { createEgress } from "./guard.ts";
import { createListeners } from "./listen.ts";
import { PIN, type PinOf, readFingerprint, toFingerprint, toPin } from "./pin.ts";

const ledger = { append() {} };
const NEVER = new AbortController().signal;

/** A server with a key of its own that counts what it reads. */
async function startServer(t: TestContext, key: string) {
  let heard = 0;
  const identity = createCertificate(key, ["127.0.0.1"], Date.now());
  const server = createServer({ ...identity, minVersion: "TLSv1.3" }, (incoming, response) => {
    heard += 1;
    incoming.resume();
    response.end("hello");
  });
  let bytes = 0;
  server.on("secureConnection", (socket) => socket.on("data", ({ length }) => (bytes += length)));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `https://127.0.0.1:${port}/`,
    heard: () => heard,
    bytes: () => bytes,
    renew: (key: string) =>
      server.setSecureContext(createCertificate(key, ["127.0.0.1"], Date.now())),
    cut: () => server.closeAllConnections(),
  };
}

function send(t: TestContext, pinOf?: PinOf) {
  const egress = createEgress({
    doors: openDoors,
    policy: () => ({ mode: "device", hosts: [] }),
    ledger,
    clock: systemClock,
    pinOf,
  });
  t.after(() => egress.close());
  return (url: string) =>
    egress
      .request({ url, purpose: "test", method: "POST", body: "a secret", signal: NEVER })
      .then((response) => response.text());
}

test("a pinned key is enough, whoever signed the certificate", async (t) => {
  const key = createKey();
  const server = await startServer(t, key);
  const pin = toPin(publicKeyOf(key));
  assert.match(pin, PIN);
  const ask = send(t, () => (found) => found === pin);
  assert.deepEqual([await ask(server.url), await ask(server.url)], ["hello", "hello"]);
  await assert.rejects(send(t)(server.url), { code: "DEPTH_ZERO_SELF_SIGNED_CERT" });
});

test("security: with another key than the pinned one not one byte of the request is sent", async (t) => {
  const key = createKey();
  const server = await startServer(t, createKey());
  const pin = toPin(publicKeyOf(key));
  const ask = send(t, () => (found) => found === pin);
  await assert.rejects(ask(server.url), { code: "EGRESS_PIN_MISMATCH" });
  assert.deepEqual([server.heard(), server.bytes()], [0, 0]);
  const control = send(t, () => () => true);
  assert.equal(await control(server.url), "hello");
  assert.ok(server.bytes() > 0, "the control: what is sent is seen");
});

test("security: the key is compared on every connection: one that changes is refused at the next", async (t) => {
  const key = createKey();
  const server = await startServer(t, key);
  const pin = toPin(publicKeyOf(key));
  const ask = send(t, () => (found) => found === pin);
  assert.equal(await ask(server.url), "hello");
  server.renew(createKey());
  server.cut();
  await new Promise((resolve) => setImmediate(resolve));
  await assert.rejects(ask(server.url), { code: "EGRESS_PIN_MISMATCH" });
  server.renew(key);
  assert.equal(
    await ask(server.url),
    "hello",
    "the same key in a new certificate is the same server",
  );
});

test("a fingerprint is 24 letters of the pin, and is read as people type it", () => {
  const pin = toPin(publicKeyOf(createKey()));
  const shown = toFingerprint(pin);
  assert.match(shown, /^([0-9a-hjkmnp-tv-z]{4}-){5}[0-9a-hjkmnp-tv-z]{4}$/);
  assert.equal(readFingerprint(shown.toUpperCase().replaceAll("-", " ")), shown);
  assert.equal(readFingerprint(shown.replaceAll("0", "o").replaceAll("1", "l")), shown);
  assert.equal(readFingerprint(shown.slice(1)), undefined);
});

test("a fingerprint is the first 120 bits of the pin", () => {
  const zero = `sha256//${Buffer.alloc(32).toString("base64")}`;
  const ones = `sha256//${Buffer.alloc(32, 0xff).toString("base64")}`;
  assert.equal(toFingerprint(zero), "0000-0000-0000-0000-0000-0000");
  assert.equal(toFingerprint(ones), "zzzz-zzzz-zzzz-zzzz-zzzz-zzzz");
  const one = Buffer.alloc(32);
  one[14] = 1;
  assert.equal(toFingerprint(`sha256//${one.toString("base64")}`), "0000-0000-0000-0000-0000-0001");
});

test("serveTls() speaks TLS 1.3 on one address of this machine, and shows a new certificate when it is renewed", async (t) => {
  const listeners = createListeners({ doors: openDoors, ledger, log: silentLog });
  const [first, second] = [createKey(), createKey()];
  const listener = await listeners.serveTls({
    host: "127.0.0.1",
    port: 0,
    identity: createCertificate(first, ["127.0.0.1"], Date.now()),
    answer: async ({ target, peer }) => ({ status: 200, headers: {}, body: `${peer} ${target}` }),
  });
  t.after(() => listener.close());
  const seen: string[] = [];
  const pinOf = () => (found: string) => seen.push(found) > 0;
  assert.equal(await send(t, pinOf)(`${listener.url}/a?b`), "127.0.0.1 /a?b");
  listener.renew(createCertificate(second, ["127.0.0.1"], Date.now()));
  await send(t, pinOf)(`${listener.url}/`);
  assert.deepEqual(
    seen,
    [first, second].map((key) => toPin(publicKeyOf(key))),
  );
  await assert.rejects(
    listeners.serveTls({
      host: "everywhere",
      port: 0,
      identity: createCertificate(first, ["a"], Date.now()),
      answer: async () => ({ status: 200, headers: {} }),
    }),
    { code: "LISTEN_FAILED" },
  );
});
