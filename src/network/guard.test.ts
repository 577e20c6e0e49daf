import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, type IncomingMessage, type RequestListener, type Server } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";

import { systemClock } from "../base/clock.ts";
import type { LedgerLine } from "../protocol/api.ts";
import { openDoors } from "../process/doors.ts";
import type { Policy } from "./egress.ts";
import { createEgress, type EgressOptions } from "./guard.ts";

const NEVER = new AbortController().signal;

test("request() sends method, headers and body, and hands over the answer as it came", async (t) => {
  const seen: string[] = [];
  const url = await serve(t, async (request, response) => {
    seen.push(`${request.method} ${request.url} ${request.headers["x-a"]} ${await read(request)}`);
    response.writeHead(201, { "x-b": "two", "set-cookie": ["a=1", "b=2"] }).end("grüße");
  });
  const { egress } = create(t);
  const answer = await egress.request({
    url: `${url}/path?q=1`,
    purpose: "test",
    method: "POST",
    headers: { "X-A": "one" },
    body: '{"text":"ü"}',
    signal: NEVER,
  });
  assert.deepEqual(seen, ['POST /path?q=1 one {"text":"ü"}']);
  assert.equal(answer.status, 201);
  assert.equal(answer.headers["x-b"], "two");
  assert.equal(answer.headers["set-cookie"], "a=1, b=2");
  assert.equal(await answer.text(), "grüße");
});

test("security: a body belongs to its request, whatever the method: it is never taken for the next one", async (t) => {
  const seen: string[] = [];
  const url = await serve(t, async (request, response) => {
    seen.push(`${request.method} ${request.url} ${await read(request)}`);
    response.end();
  });
  const { egress } = create(t);
  const body = "GET /smuggled HTTP/1.1\r\nhost: x\r\n\r\n";
  for (const method of ["DELETE", "POST"]) {
    await (await egress.request({ url, purpose: "test", method, body, signal: NEVER })).text();
  }
  await (await egress.request({ url: `${url}/next`, purpose: "test", signal: NEVER })).text();
  assert.deepEqual(seen, [`DELETE / ${body}`, `POST / ${body}`, "GET /next "]);
});

test("body yields chunks as they arrive", async (t) => {
  let next = () => {};
  const url = await serve(t, (_request, response) => {
    response.write("first");
    next = () => response.end("second");
  });
  const { egress } = create(t);
  const answer = await egress.request({ url, purpose: "test", signal: NEVER });
  const chunks: string[] = [];
  for await (const chunk of answer.body) {
    chunks.push(Buffer.from(chunk).toString());
    next(); // the second is sent only once the first was seen
  }
  assert.deepEqual(chunks, ["first", "second"]);
});

test("body throws when the connection is cut before the end", async (t) => {
  const url = await serve(t, (_request, response) => {
    response.write("half");
    setImmediate(() => response.socket?.resetAndDestroy());
  });
  const { egress } = create(t);
  await assert.rejects(
    async () => (await egress.request({ url, purpose: "test", signal: NEVER })).text(),
    {
      code: "ECONNRESET",
    },
  );
});

test("leaving the body early closes the connection", async (t) => {
  const { promise: closed, resolve } = Promise.withResolvers<void>();
  const url = await serve(t, (_request, response) => {
    response.once("close", resolve);
    response.write("endless");
  });
  const { egress } = create(t);
  const answer = await egress.request({ url, purpose: "test", signal: NEVER });
  for await (const _ of answer.body) break;
  await closed;
});

test("text() returns at most what was asked for, and closes the connection", async (t) => {
  const { promise: closed, resolve } = Promise.withResolvers<void>();
  const url = await serve(t, (_request, response) => {
    response.once("close", resolve);
    response.write("x".repeat(100_000));
  });
  const { egress } = create(t);
  const answer = await egress.request({ url, purpose: "test", signal: NEVER });
  assert.equal((await answer.text(10)).length, 10);
  await closed;
});

test("an abort throws the signal's reason: before, while waiting, and in the body", async (t) => {
  const url = await serve(t, (request, response) => {
    if (request.url === "/body") response.write("first");
  });
  const { egress } = create(t);
  const reason = new Error("stop was pressed");
  const ask = (path: string, signal: AbortSignal) =>
    egress.request({ url: url + path, purpose: "test", signal });
  await assert.rejects(ask("/", AbortSignal.abort(reason)), reason);
  await assert.rejects(
    ask("/", AbortSignal.abort("plain words")),
    (thrown) => thrown === "plain words",
  );

  const waiting = new AbortController();
  const answer = ask("/", waiting.signal);
  setTimeout(() => waiting.abort(reason), 20);
  await assert.rejects(answer, reason);

  const reading = new AbortController();
  const { body } = await ask("/body", reading.signal);
  await assert.rejects(async () => {
    for await (const _ of body) reading.abort(reason);
  }, reason);
});

test("an abort that nobody listens to any more ends nothing", async (t) => {
  const url = await serve(t, (_request, response) => void response.write("first"));
  const { egress } = create(t);
  const control = new AbortController();
  const answer = await egress.request({ url, purpose: "test", signal: control.signal });
  control.abort(new Error("nobody reads"));
  await new Promise((resolve) => setTimeout(resolve, 20));
  await assert.rejects(answer.text(), /nobody reads/);
});

test("headTimeoutMs gives up on a server that says nothing, and lets a slow body go on", async (t) => {
  const url = await serve(t, (request, response) => {
    if (request.url !== "/slow") return;
    response.flushHeaders();
    setTimeout(() => response.end("late"), 150);
  });
  const { egress } = create(t);
  const ask = (path: string) =>
    egress.request({ url: url + path, purpose: "test", signal: NEVER, headTimeoutMs: 80 });
  await assert.rejects(ask("/"), { code: "EGRESS_TIMEOUT" });
  assert.equal(await (await ask("/slow")).text(), "late");
});

test("requests to one server share a connection", async (t) => {
  const url = await serve(t, (_request, response) => void response.end("ok"));
  const { egress, lines } = create(t);
  for (let n = 0; n < 5; n++) {
    await (await egress.request({ url, purpose: "test", signal: NEVER })).text();
    await settled(lines, "request", n + 1);
  }
  assert.equal(lines.filter(({ kind }) => kind === "connection").length, 1);
});

test("an answer without a body frees its connection unread", async (t) => {
  const url = await serve(t, (_request, response) => void response.writeHead(204).end());
  const { egress, lines } = create(t);
  for (let n = 0; n < 3; n++) {
    assert.equal((await egress.request({ url, purpose: "test", signal: NEVER })).status, 204);
    await settled(lines, "request", n + 1);
  }
  assert.equal(lines.filter(({ kind }) => kind === "connection").length, 1);
});

test("a connection that the server closed while it was idle is replaced unseen", async (t) => {
  const sockets: Socket[] = [];
  const answered: string[] = [];
  const url = await serve(t, async (request, response) => {
    sockets.push(request.socket);
    // The second request on a connection meets a server that has just closed it.
    if (sockets.filter((socket) => socket === request.socket).length === 2) {
      return void request.socket.resetAndDestroy();
    }
    answered.push(await read(request));
    response.end("ok");
  });
  const { egress, lines } = create(t);
  for (const body of ["one", "two"]) {
    const answer = await egress.request({
      url,
      purpose: "test",
      method: "POST",
      body,
      signal: NEVER,
    });
    assert.equal(await answer.text(), "ok");
    await settled(lines, "request", answered.length);
  }
  assert.deepEqual(answered, ["one", "two"]);
});

test("a server that is not there is the socket's own error", async (t) => {
  const url = await serve(t, () => {});
  const { egress } = create(t);
  const gone = `http://localhost:${await freePort()}`;
  await assert.rejects(egress.request({ url: gone, purpose: "test", signal: NEVER }), {
    code: "ECONNREFUSED",
  });
  await assert.rejects(
    egress.request({ url: url.replace("http:", "https:"), purpose: "test", signal: NEVER }),
  );
});

test("an answer that is no HTTP, or switches protocols, is an error and no hang", async (t) => {
  const url = await serve(t, (request) => {
    const head =
      request.url === "/101" ? "HTTP/1.1 101 Switching\r\nUpgrade: x\r\nConnection: upgrade" : "Hi";
    request.socket.end(`${head}\r\n\r\n`);
  });
  const { egress } = create(t);
  for (const path of ["/", "/101"]) {
    await assert.rejects(egress.request({ url: url + path, purpose: "test", signal: NEVER }));
  }
});

test("unix: URLs reach a server on a Unix socket", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "isopod-unix-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const path = join(folder, "model.sock");
  const server = createServer((request, response) => void response.end(request.url));
  await new Promise<void>((resolve) => server.listen(path, resolve));
  t.after(() => server.close());
  const { egress, lines } = create(t, { policy: () => ({ mode: "device", hosts: [] }) });
  const ask = async (url: string) =>
    (await egress.request({ url, purpose: "test", signal: NEVER })).text();
  assert.equal(await ask(`unix:${path}:/api/tags?x=1`), "/api/tags?x=1");
  assert.equal(await ask(`unix:${path}`), "/");
  assert.equal(lines[0]?.host, path);
});

test("a URL that is none is a fault without the password in it", async (t) => {
  const { egress } = create(t);
  const wrong = [
    "",
    "ftp://u:secret@host/",
    "unix:relative",
    "http://",
    "http://%zz:secret@h/",
    "unix:",
  ];
  for (const url of wrong) {
    await assert.rejects(
      egress.request({ url, purpose: "test", signal: NEVER }),
      (fault: Error) => {
        assert.equal("code" in fault && fault.code, "EGRESS_URL_INVALID", url);
        assert.ok(!fault.message.includes("secret"));
        return true;
      },
    );
  }
});

test("https needs a certificate that is trusted and fits the name", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "isopod-tls-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const files = { key: join(folder, "key.pem"), cert: join(folder, "cert.pem") };
  const subject = ["-subj", "/CN=box.lan", "-addext", "subjectAltName=DNS:box.lan"];
  const kind = ["-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
  try {
    const to = ["-days", "2", "-keyout", files.key, "-out", files.cert];
    execFileSync("openssl", ["req", ...kind, ...subject, ...to], { stdio: "ignore" });
  } catch {
    return t.skip("openssl is not installed");
  }
  const [key, cert] = [readFileSync(files.key), readFileSync(files.cert, "utf8")];
  const server = createTlsServer(
    { key, cert },
    (_request, response) => void response.end("secret"),
  );
  const url = await listen(t, server, "https");
  const { port } = new URL(url);
  const given = {
    policy: () => ({ mode: "private" as const, hosts: [{ host: "box.lan", setting: "s" }] }),
    lookup: async () => ["127.0.0.1"],
  };
  const ask = async (options: Partial<EgressOptions>, host: string) => {
    const { egress } = create(t, { ...given, ...options });
    return (
      await egress.request({ url: `https://${host}:${port}`, purpose: "test", signal: NEVER })
    ).text();
  };
  process.env["NODE_TLS_REJECT_UNAUTHORIZED"] = "0";
  t.after(() => delete process.env["NODE_TLS_REJECT_UNAUTHORIZED"]);
  await assert.rejects(ask({}, "box.lan"), { code: "DEPTH_ZERO_SELF_SIGNED_CERT" });
  assert.equal(await ask({ ca: [cert] }, "box.lan"), "secret");
  await assert.rejects(ask({ ca: [cert] }, "127.0.0.1"), { code: "ERR_TLS_CERT_ALTNAME_INVALID" });
});

test("every request is a line with its bytes, each connection one of its own", async (t) => {
  const url = await serve(t, (_request, response) => void response.end("x".repeat(1000)));
  const { egress, lines } = create(t);
  const request = { url: `${url}/secret-path`, purpose: "models.chat", signal: NEVER };
  const answer = await egress.request({ ...request, method: "POST", body: "y".repeat(500) });
  await answer.text();
  await settled(lines, "request", 1);
  const [connection, line] = lines;
  assert.equal(connection?.kind, "connection");
  assert.equal(line?.purpose, "models.chat");
  assert.equal(line?.address, "127.0.0.1");
  assert.equal(line?.verdict, "allowed");
  assert.ok((line?.sentBytes ?? 0) > 500 && (line?.receivedBytes ?? 0) > 1000);
  assert.ok(!JSON.stringify(lines).includes("secret-path"));
});

test("recheck() ends what a narrower mode forbids, under way or idle, and leaves the rest", async (t) => {
  const url = await serve(t, (_request, response) => void response.write("first"));
  const { port } = new URL(url);
  let mode: Policy["mode"] = "private";
  const { egress } = create(t, {
    policy: () => ({ mode, hosts: [{ host: "box.lan", setting: "s" }] }),
    lookup: async () => ["127.0.0.1"],
  });
  const open = async (host: string) =>
    (await egress.request({ url: `http://${host}:${port}`, purpose: "test", signal: NEVER })).body;
  const [named, local] = [await open("box.lan"), await open("127.0.0.1")];
  mode = "device";
  egress.recheck();
  await assert.rejects(Array.fromAsync(named), { code: "EGRESS_BLOCKED" });
  for await (const chunk of local) {
    assert.equal(Buffer.from(chunk).toString(), "first");
    break;
  }
  await assert.rejects(open("box.lan"), { code: "EGRESS_BLOCKED" });
});

test("a name is resolved once for all who ask at the same time, and anew after a failure", async (t) => {
  const url = await serve(t, (_request, response) => void response.end("ok"));
  const { port } = new URL(url);
  let asked = 0;
  const { egress } = create(t, {
    policy: () => ({ mode: "private", hosts: [{ host: "box.lan", setting: "s" }] }),
    lookup: async () => {
      asked += 1;
      if (asked === 1) throw Object.assign(new Error("no answer"), { code: "EAI_AGAIN" });
      return ["127.0.0.1"];
    },
  });
  const ask = async () => {
    const request = { url: `http://box.lan:${port}`, purpose: "test", signal: NEVER };
    return (await egress.request(request)).text();
  };
  await assert.rejects(ask(), { code: "EAI_AGAIN" });
  assert.deepEqual(await Promise.all(Array.from({ length: 8 }, ask)), Array(8).fill("ok"));
  assert.equal(asked, 2);
});

test("32 streams at once arrive whole", async (t) => {
  const url = await serve(t, (_request, response) => {
    let left = 200;
    const send = () => {
      if (left-- === 0) return void response.end();
      response.write("0123456789");
      setImmediate(send);
    };
    send();
  });
  const { egress } = create(t);
  const sizes = await Promise.all(
    Array.from({ length: 32 }, async () => {
      const { body } = await egress.request({ url, purpose: "test", signal: NEVER });
      let size = 0;
      for await (const chunk of body) size += chunk.length;
      return size;
    }),
  );
  assert.deepEqual(sizes, Array(32).fill(2000));
});

function create(t: TestContext, given: Partial<EgressOptions> = {}) {
  const lines: Omit<LedgerLine, "at">[] = [];
  const egress = createEgress({
    doors: openDoors,
    policy: () => ({ mode: "private", hosts: [] }),
    ledger: { append: (line) => void lines.push(line) },
    clock: systemClock,
    ...given,
  });
  t.after(() => egress.close());
  return { egress, lines };
}

const serve = (t: TestContext, listener: RequestListener) =>
  listen(t, createServer(listener), "http");

async function listen(t: TestContext, server: Server, scheme: string): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  // What was listened to at port 0 has an address of this type.
  return `${scheme}://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function read(request: IncomingMessage): Promise<string> {
  return Buffer.concat(await Array.fromAsync(request)).toString();
}

/** The line of a request is written when its connection is free again, a moment after the last byte. */
async function settled(
  lines: Omit<LedgerLine, "at">[],
  kind: string,
  count: number,
): Promise<void> {
  while (lines.filter((line) => line.kind === kind).length < count) {
    await new Promise((resolve) => setImmediate(resolve));
  }
}
