import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";

import { systemClock } from "../base/clock.ts";
import { Fault } from "../base/fault.ts";
import { openDoors } from "../process/doors.ts";
import { createEgress } from "./guard.ts";
import { type Sighting, toOutcome } from "./link-outcome.ts";
import { timedOut } from "./place.ts";

const PUBLIC = ["203.0.113.8"];
const answered = (status: number, headers: Record<string, string> = {}): Partial<Sighting> => ({
  end: { status, headers },
});
const failedWith = (code: string): Partial<Sighting> => ({
  end: { error: Object.assign(new Error(code), { code }) },
});

test("any answer of a host of the internet shows that it was reached, also one that refuses", () => {
  for (const status of [200, 302, 401, 403, 404, 429, 500, 503]) {
    assert.equal(verdict(answered(status)), "reached", String(status));
  }
  assert.equal(verdict({ host: "203.0.113.8", ...answered(200) }), "reached");
});

test("what is near says nothing of the internet", () => {
  for (const host of ["localhost", "127.0.0.1", "192.168.1.9", "nas", "nas.local", "a.ts.net"]) {
    const near = { host, addresses: ["192.168.1.9"] };
    assert.equal(verdict({ ...near, ...answered(200) }), undefined, host);
    assert.equal(verdict({ ...near, ...failedWith("ECONNREFUSED") }), undefined, host);
  }
});

test("a public name that leads into a local network proves nothing", () => {
  assert.equal(verdict({ addresses: ["10.1.2.3"], ...answered(200) }), undefined);
  assert.equal(verdict({ addresses: [...PUBLIC, "10.1.2.3"], ...answered(200) }), undefined);
});

test("what did not get through is a failure; a model that thinks long, and our own refusal, are none", () => {
  for (const code of ["ENETUNREACH", "EHOSTUNREACH", "EAI_AGAIN", "ECONNRESET", "ETIMEDOUT"]) {
    assert.equal(verdict({ addresses: [], ...failedWith(code) }), "failed", code);
  }
  for (const code of ["ENOTFOUND", "ECONNREFUSED"]) {
    assert.equal(
      verdict({ addresses: [], ...failedWith(code) }),
      undefined,
      `${code}: somebody said no`,
    );
  }
  const params = { host: "a.example:443", seconds: 10, what: "connection" };
  const unreached = new Fault("EGRESS_TIMEOUT", params, { cause: timedOut() });
  assert.equal(verdict({ end: { error: unreached } }), "failed");
  const slow = new Fault("EGRESS_TIMEOUT", { ...params, what: "answer" });
  assert.equal(verdict({ end: { error: slow } }), undefined);
  const ours = { host: "a.example", mode: "private", why: "", allow: "" };
  assert.equal(verdict({ end: { error: new Fault("EGRESS_BLOCKED", ours) } }), undefined);
});

test("a portal is seen by its status, its redirect over plain HTTP, and a certificate that is not the host's", () => {
  assert.equal(verdict(answered(511)), "portal");
  const away = answered(302, { location: "http://sign-in.example/?from=a.example" });
  assert.equal(verdict({ secure: false, ...away }), "portal");
  assert.equal(verdict({ secure: true, ...away }), "reached", "TLS has proved who answers");
  assert.equal(
    verdict({ secure: false, purpose: "tools.web_fetch", ...away }),
    "reached",
    "as pages do",
  );
  for (const location of ["/login", "http://a.example/other", "https://a.example/"]) {
    const same = { secure: false, ...answered(301, { location }) };
    assert.equal(verdict(same), "reached", location);
  }
  const page = answered(200, { "content-type": "text/html; charset=utf-8" });
  assert.equal(verdict({ secure: false, ...page }), "portal", "a page in place of a chat");
  assert.equal(verdict({ secure: false, purpose: "tools.web_fetch", ...page }), "reached");
  for (const code of ["ERR_TLS_CERT_ALTNAME_INVALID", "SELF_SIGNED_CERT_IN_CHAIN"]) {
    assert.equal(verdict(failedWith(code)), "uncertified", code);
  }
  assert.equal(verdict(failedWith("CERT_HAS_EXPIRED")), undefined, "its owner's affair");
});

test("saw() hears how each request over TCP went: the head of an answer, the address, or the error", async (t) => {
  const server = createServer((_request, response) => void response.writeHead(418).end());
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => server.close());
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`; // of a TCP listener
  const seen: Sighting[] = [];
  const egress = createEgress({
    doors: openDoors,
    ledger: { append: () => {} },
    clock: systemClock,
    policy: () => ({ mode: "private", hosts: [{ host: "box.lan", setting: "s" }] }),
    lookup: async () => {
      throw Object.assign(new Error("no such name"), { code: "ENOTFOUND" });
    },
    saw: (sighting) => seen.push(sighting),
  });
  t.after(() => egress.close());
  const ask = (to: string, signal = new AbortController().signal) =>
    egress.request({ url: to, purpose: "test", signal });
  await (await ask(url)).text();
  await assert.rejects(ask("http://127.0.0.1:1"), { code: "ECONNREFUSED" });
  await assert.rejects(ask("http://box.lan"), { code: "ENOTFOUND" });
  await assert.rejects(ask(url, AbortSignal.abort()));
  await assert.rejects(ask("unix:/nonexistent:/"));
  assert.deepEqual(
    seen.map(({ host, addresses, end }) => [
      host,
      addresses.join(),
      "error" in end ? Object(end.error).code : end.status,
    ]),
    [
      ["127.0.0.1", "127.0.0.1", 418],
      ["127.0.0.1", "127.0.0.1", "ECONNREFUSED"],
      ["box.lan", "", "ENOTFOUND"],
    ],
  );
});

const verdict = (sighting: Partial<Sighting>) =>
  toOutcome({
    purpose: "models.chat",
    host: "a.example",
    secure: true,
    addresses: PUBLIC,
    end: { status: 200, headers: {} },
    ...sighting,
  })?.verdict;
