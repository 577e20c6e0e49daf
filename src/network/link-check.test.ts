import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, type IncomingMessage } from "node:http";
import { createServer as createTlsServer } from "node:https";
import { type AddressInfo, createServer as createTcpServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";

import { systemClock as clock } from "../base/clock.ts";
import { openDoors as doors } from "../process/doors.ts";
import type { Mode } from "../protocol/event.ts";
import type { LedgerLine } from "../protocol/api.ts";
import { createEgress } from "./guard.ts";
import { createLinkCheck } from "./link-check.ts";
import type { Named } from "./named.ts";
import { toAllowedHost } from "./policy.ts";

const NEVER = new AbortController().signal;

test("each step is told, and nothing but the head of / is asked, without a key", async (t) => {
  const seen: IncomingMessage[] = [];
  const port = await listen(
    t,
    createServer((request, response) => {
      seen.push(request);
      response.writeHead(401).end();
    }),
  );
  const { check } = create(t, [
    { value: `http://llm.lan:${port}/v1`, setting: "models.providers.x" },
  ]);
  const report = await check(undefined, NEVER);
  assert.equal(report.ok, true);
  assert.equal(report.host, `llm.lan:${port}`);
  assert.equal(report.setting, "models.providers.x");
  assert.deepEqual(stepsOf(report), ["dns ok", "tcp ok", "tls skipped", "http ok"]);
  assert.equal(report.steps.at(-1)?.detail, "it answers with status 401");
  assert.deepEqual(
    seen.map(({ method, url, headers }) => [method, url, headers.authorization]),
    [["HEAD", "/", undefined]],
  );
});

test("the step that fails is the last one, in words", async (t) => {
  const port = await listen(
    t,
    createTcpServer((socket) => void socket.on("error", () => {}).end("what?")),
  );
  const closed = await listen(t, createTcpServer(), { close: true });
  const value = (host: string, to: number, scheme = "http") => ({
    value: `${scheme}://${host}:${to}`,
    setting: "s",
  });
  const last = async (named: Named) => {
    const report = await create(t, [named]).check(undefined, NEVER);
    assert.equal(report.ok, false);
    const { step, detail } = report.steps.at(-1) ?? {};
    return `${step}: ${detail}`;
  };
  assert.equal(await last(value("gone.lan", port)), "dns: its name is not found");
  assert.equal(await last(value("llm.lan", closed)), "tcp: it refuses connections");
  assert.match(await last(value("llm.lan", port, "https")), /^tls: /);
  assert.match(await last(value("llm.lan", port)), /^http: /);
});

test("a certificate that nobody vouches for fails in TLS, and tells of a portal only on the internet", async (t) => {
  const tls = certificate(t);
  if (!tls) return t.skip("openssl is not installed");
  const port = await listen(
    t,
    createTlsServer(tls, (_request, response) => response.end()),
  );
  const near = await create(t, [{ value: `https://llm.lan:${port}`, setting: "s" }]).check(
    undefined,
    NEVER,
  );
  assert.deepEqual(stepsOf(near), ["dns ok", "tcp ok", "tls failed"]);
  assert.equal(near.outcome, undefined);
  const far = create(t, [{ value: `https://api.example.com:${port}`, setting: "s" }], "internet");
  const found = await far.check(undefined, NEVER);
  assert.equal(found.outcome?.verdict, "uncertified");
  assert.match(found.steps.at(-1)?.detail ?? "", /did not prove to be itself|does not prove/);
  const trusted = create(
    t,
    [{ value: `https://llm.lan:${port}`, setting: "s" }],
    "private",
    tls.cert,
  );
  assert.deepEqual(stepsOf(await trusted.check(undefined, NEVER)), [
    "dns ok",
    "tcp ok",
    "tls ok",
    "http ok",
  ]);
});

test("a sign-in page that answers in place of the host is a failure, however well it answers", async (t) => {
  const server = createServer((_request, response) => void response.writeHead(511).end());
  const value = `http://api.example.com:${await listen(t, server)}`;
  const report = await create(t, [{ value, setting: "s" }], "internet").check(undefined, NEVER);
  assert.deepEqual([report.ok, report.outcome?.verdict], [false, "portal"]);
  assert.equal(report.steps.at(-1)?.detail, "something asks to sign in before api.example.com");
});

test("without a host it is the internet's first in mode internet, and the first beyond this machine else", async (t) => {
  const port = await listen(
    t,
    createServer((_request, response) => response.end()),
  );
  const named = [
    { value: `http://127.0.0.1:${port}`, setting: "here" },
    { value: `http://llm.lan:${port}`, setting: "near" },
    { value: `http://api.example.com:${port}/v1`, setting: "far" },
  ];
  const first = async (mode: Mode) =>
    (await create(t, named, mode).check(undefined, NEVER)).setting;
  assert.equal(await first("internet"), "far");
  assert.equal(await first("private"), "near");
  await assert.rejects(first("device"), { code: "MODE_CHECK_NOTHING" });
  await assert.rejects(create(t, named.slice(0, 1), "internet").check(undefined, NEVER), {
    code: "MODE_CHECK_NOTHING",
  });
  const own = await create(t, named, "private").check("127.0.0.1", NEVER);
  assert.equal(own.setting, "here", "a person may name this machine's, too");
});

test("security: what the config does not name, or the mode does not reach, is not even asked for by name", async (t) => {
  let visits = 0;
  const server = createServer((_request, response) => void ((visits += 1), response.end()));
  const port = await listen(t, server);
  const named = [{ value: `http://api.example.com:${port}`, setting: "far" }];
  const { check, asked, lines } = create(t, named, "device");
  for (const host of [
    "evil.example",
    "api.example.com",
    "http://169.254.169.254/",
    "8.8.8.8",
    `127.0.0.1:${port}`,
  ]) {
    await assert.rejects(check(host, NEVER), { code: "EGRESS_BLOCKED" }, host);
  }
  assert.deepEqual(asked, []);
  assert.ok(
    lines.every(({ verdict, purpose }) => verdict === "blocked" && purpose === "mode.check"),
  );
  assert.equal(lines.length, 5);
  assert.equal(visits, 0, "nor is a port of this machine that nobody named");
  // The control: what is named and reached is asked for.
  const open = create(t, named, "internet");
  await open.check(undefined, NEVER);
  assert.deepEqual(new Set(open.asked), new Set(["api.example.com"]));
  await assert.rejects(open.check("evil.example", NEVER), { code: "EGRESS_BLOCKED" });
  assert.deepEqual(new Set(open.asked), new Set(["api.example.com"]));
});

test("a person who goes away ends it", async (t) => {
  const port = await listen(
    t,
    createTcpServer(() => {}),
  );
  const { check } = create(t, [{ value: `https://llm.lan:${port}`, setting: "s" }]);
  const gone = new AbortController();
  const checking = check(undefined, gone.signal);
  setImmediate(() => gone.abort(new Error("gone")));
  await assert.rejects(checking, /gone/);
});

const stepsOf = ({ steps }: { steps: { step: string; state: string }[] }) =>
  steps.map(({ step, state }) => `${step} ${state}`);

/** All names lead to this machine, but for one that is not there. */
function create(t: TestContext, named: Named[], mode: Mode = "private", ca?: string) {
  const lines: Omit<LedgerLine, "at">[] = [];
  const asked: string[] = [];
  const ledger = { append: (line: Omit<LedgerLine, "at">) => void lines.push(line) };
  const hosts = named.flatMap(({ value, setting }) => toAllowedHost(value, setting) ?? []);
  const lookup = async (name: string) => {
    asked.push(name);
    if (name === "gone.lan") throw Object.assign(new Error("gone"), { code: "ENOTFOUND" });
    return ["127.0.0.1"];
  };
  const base = {
    doors,
    ledger,
    clock,
    lookup,
    policy: () => ({ mode, hosts }),
    ...(ca && { ca: [ca] }),
  };
  const egress = createEgress(base);
  t.after(() => egress.close());
  return { check: createLinkCheck({ ...base, egress, named }), asked, lines };
}

async function listen(t: TestContext, server: Server, { close = false } = {}): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo; // of a TCP listener
  const end = () => new Promise<void>((resolve) => server.close(() => resolve()));
  if (close) await end();
  else {
    const open = new Set<{ destroy(): void }>();
    server.on("connection", (socket) => open.add(socket));
    t.after(() => {
      for (const socket of open) socket.destroy();
      return end();
    });
  }
  return port;
}

function certificate(t: TestContext): { key: string; cert: string } | undefined {
  const folder = mkdtempSync(join(tmpdir(), "isopod-check-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const [keyFile, certFile] = [join(folder, "key.pem"), join(folder, "cert.pem")];
  const kind = ["-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  const subject = ["-subj", "/CN=llm.lan", "-addext", "subjectAltName=DNS:llm.lan"];
  try {
    const to = ["-days", "2", "-keyout", keyFile, "-out", certFile];
    execFileSync("openssl", ["req", ...kind, ...subject, ...to], { stdio: "ignore" });
  } catch {
    return undefined;
  }
  return { key: readFileSync(keyFile, "utf8"), cert: readFileSync(certFile, "utf8") };
}
