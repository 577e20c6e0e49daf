import assert from "node:assert/strict";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { request as sendHttp, type RequestOptions } from "node:http";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";

import { silentLog } from "../base/log.ts";
import { openDoors } from "../process/doors.ts";
import { type Answer, createListeners, type ListenersOptions } from "./listen.ts";

test("serveTcp() answers on a free port and says where", async (t) => {
  const { listener, peers } = await serve(t, (request) => Response.json({ url: request.url }));
  assert.equal(listener.url, `http://127.0.0.1:${listener.port}`);
  assert.deepEqual(await (await fetch(`${listener.url}/a?b=1`)).json(), {
    url: `${listener.url}/a?b=1`,
  });
  assert.deepEqual(peers, ["127.0.0.1"]);
});

test("serveTcp() throws PORT_IN_USE for a port that is taken, LISTEN_FAILED for a wrong address", async (t) => {
  const { listener, listeners } = await serve(t, () => new Response());
  const at = (host: string, port: number) =>
    listeners.serveTcp({ host, port, fetch: () => new Response() });
  await assert.rejects(at("127.0.0.1", listener.port), { code: "PORT_IN_USE" });
  await assert.rejects(at("192.0.2.1", 0), { code: "LISTEN_FAILED", message: /no such address/ });
  await assert.rejects(at("box.lan", 0), { code: "LISTEN_FAILED", message: /not an address/ });
  await assert.rejects(at("127.0.0.1", 99_999), { code: "LISTEN_FAILED" });
});

test("chunks of a stream are sent as they come, the head before the first", async (t) => {
  let send = (_text: string) => {};
  const body = new ReadableStream<Uint8Array>({
    start: (controller) => {
      send = (text) => controller.enqueue(Buffer.from(text));
    },
  });
  const headers = { "content-type": "text/event-stream" };
  const { listener } = await serve(t, () => new Response(body, { headers }));
  const answer = await fetch(listener.url);
  const seen: string[] = [];
  const reader = answer.body?.getReader();
  for (const text of ["data: 1\n\n", "data: 2\n\n"]) {
    send(text);
    seen.push(Buffer.from((await reader?.read())?.value ?? []).toString());
  }
  assert.deepEqual(seen, ["data: 1\n\n", "data: 2\n\n"]);
  await reader?.cancel();
});

test("a caller that hangs up aborts the request's signal", async (t) => {
  const { promise: aborted, resolve } = Promise.withResolvers<void>();
  const { promise: arrived, resolve: arrive } = Promise.withResolvers<void>();
  const { listener } = await serve(t, (request) => {
    request.signal.addEventListener("abort", () => resolve());
    arrive();
    return new Promise<never>(() => {});
  });
  const control = new AbortController();
  const answer = fetch(listener.url, { signal: control.signal });
  await arrived;
  control.abort();
  await assert.rejects(answer);
  await aborted;
});

test("a caller that hangs up in mid-stream aborts the signal and ends the stream", async (t) => {
  const { promise: cancelled, resolve } = Promise.withResolvers<void>();
  let signal: AbortSignal | undefined;
  const body = new ReadableStream({
    start: (controller) => controller.enqueue(Buffer.from("data: 1\n\n")),
    cancel: () => resolve(),
  });
  const { listener } = await serve(t, (request) => {
    signal = request.signal;
    return new Response(body, { headers: { "content-type": "text/event-stream" } });
  });
  const control = new AbortController();
  const answer = await fetch(listener.url, { signal: control.signal });
  await answer.body?.getReader().read();
  control.abort();
  await cancelled;
  assert.ok(signal?.aborted);
});

test("an answer that throws is a 500 without a word of the error", async (t) => {
  const { listener } = await serve(t, () => {
    throw new Error("secret detail");
  });
  const answer = await fetch(listener.url);
  assert.equal(answer.status, 500);
  assert.equal(await answer.text(), "");
});

test("close() lets what runs end, takes nobody new, and may be called twice", async (t) => {
  let finish = (_response: Response) => {};
  const { promise: arrived, resolve } = Promise.withResolvers<void>();
  const { listener } = await serve(t, () => {
    resolve();
    return new Promise<Response>((done) => (finish = done));
  });
  const answer = fetch(listener.url);
  await arrived;
  const closed = Promise.all([listener.close(), listener.close()]);
  await assert.rejects(fetch(listener.url));
  finish(new Response("done"));
  assert.equal(await (await answer).text(), "done");
  await closed;
});

test("close() cuts a stream that never ends, after the grace", async (t) => {
  const body = new ReadableStream({ start: (controller) => controller.enqueue(Buffer.from("x")) });
  const headers = { "content-type": "text/event-stream" };
  const answer = () => new Response(body, { headers });
  const { listener } = await serve(t, answer, { limits: { graceMs: 30 } });
  const stream = await fetch(listener.url);
  const rest = assert.rejects(stream.text());
  await listener.close();
  await rest;
});

test("serveUnix() makes folder and socket that only their owner can open", async (t) => {
  const { path, listeners } = await unix(t);
  const listener = await listeners.serveUnix({ path, fetch: (_, peer) => new Response(peer) });
  assert.equal(statSync(join(path, "..")).mode & 0o777, 0o700);
  assert.equal(statSync(path).mode & 0o777, 0o600);
  assert.equal(listener.url, `unix:${path}`);
  assert.equal(await get({ socketPath: path, path: "/" }), "unix");
  await listener.close();
  assert.ok(!existsSync(path));
});

test("serveUnix() replaces a socket that nobody answers on, never one that is in use", async (t) => {
  const { path, listeners, again } = await unix(t);
  mkdirSync(join(path, ".."), { recursive: true, mode: 0o700 });
  // What a killed gateway leaves: bound, and nobody there.
  const { execFileSync } = await import("node:child_process");
  const code = `require("net").createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, "SIGKILL"))`;
  assert.throws(() => execFileSync(process.execPath, ["-e", code], { stdio: "ignore" }));
  assert.ok(existsSync(path));
  const listener = await listeners.serveUnix({ path, fetch: () => new Response("new") });
  assert.equal(await get({ socketPath: path, path: "/" }), "new");
  await assert.rejects(again.serveUnix({ path, fetch: () => new Response() }), {
    code: "PORT_IN_USE",
  });
  assert.equal(await get({ socketPath: path, path: "/" }), "new");
  await listener.close();
});

test("serveUnix() leaves alone what is no socket, and says so of a path that is too long", async (t) => {
  const { path, listeners } = await unix(t);
  mkdirSync(join(path, ".."), { mode: 0o700 });
  writeFileSync(path, "precious");
  const at = (where: string) => listeners.serveUnix({ path: where, fetch: () => new Response() });
  await assert.rejects(at(path), { code: "LISTEN_FAILED", message: /not a socket/ });
  assert.equal(statSync(path).size, 8);
  await assert.rejects(at(`${path}${"x".repeat(120)}`), {
    code: "LISTEN_FAILED",
    message: /103 bytes/,
    fix: /ISOPOD_HOME/,
  });
});

test("security: serveUnix() refuses a folder that others can write", async (t) => {
  const { path, listeners } = await unix(t);
  const folder = join(path, "..");
  mkdirSync(folder);
  for (const mode of [0o777, 0o770, 0o702]) {
    chmodSync(folder, mode);
    await assert.rejects(listeners.serveUnix({ path, fetch: () => new Response() }), {
      code: "STORE_EXPOSED",
      fix: /doctor --fix/,
    });
    assert.ok(!existsSync(path));
  }
});

test("serveUnix() takes a folder that a person made, which others may enter and not write", async (t) => {
  const { path, listeners } = await unix(t);
  mkdirSync(join(path, ".."), { mode: 0o755 });
  const listener = await listeners.serveUnix({ path, fetch: () => new Response("here") });
  t.after(() => listener.close());
  assert.equal(statSync(path).mode & 0o777, 0o600);
});

test("security: a request that is trickled is cut, and others are served meanwhile", async (t) => {
  const limits = { headersTimeoutMs: 100, requestTimeoutMs: 200, checkMs: 20 };
  const answer: Answer = async (request) => new Response(await request.text());
  const { listener } = await serve(t, answer, { limits });
  const trickle = (head: string) =>
    new Promise<string>((resolve) => {
      let text = "";
      const socket = connect(listener.port, "127.0.0.1", () => socket.write(head));
      socket.on("data", (bytes) => (text += bytes.toString()));
      socket.on("error", () => {});
      socket.on("close", () => resolve(text));
    });
  const slow = [
    trickle("GET / HTTP/1.1\r\nHost: x\r\nX-A: "),
    trickle("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nab"),
  ];
  const quick = await fetch(listener.url, { method: "POST", body: "quick" });
  assert.equal(await quick.text(), "quick");
  const [head = "", body = ""] = await Promise.all(slow);
  assert.match(head, /^HTTP\/1\.1 408 /);
  assert.match(body, /^(HTTP\/1\.1 (408|400|500) |$)/);
});

test("security: a head that is too large is refused", async (t) => {
  const { listener } = await serve(t, () => new Response("never"));
  const headers = { "x-large": "x".repeat(20_000) };
  const answer = await fetch(listener.url, { headers });
  assert.equal(answer.status, 431);
});

test("security: a request with two lengths, or none that ends, reaches nobody", async (t) => {
  const { listener, peers } = await serve(t, () => new Response("never"));
  const heads = [
    "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd",
    "GET / HTTP/1.1\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: a b\r\n\r\n",
  ];
  for (const head of heads) {
    const text = await new Promise<string>((resolve) => {
      let text = "";
      const socket = connect(listener.port, "127.0.0.1", () => socket.write(head));
      socket.on("data", (bytes) => (text += bytes.toString()));
      socket.on("error", () => {});
      socket.on("close", () => resolve(text));
      setTimeout(() => socket.end(), 200);
    });
    assert.match(text, /^HTTP\/1\.1 400 /, head);
  }
  assert.deepEqual(peers, []);
});

async function serve(t: TestContext, answer: Answer, given: Partial<ListenersOptions> = {}) {
  const peers: string[] = [];
  const listeners = createListeners({ ...OPTIONS, ...given });
  const listener = await listeners.serveTcp({
    host: "localhost",
    port: 0,
    fetch: (request, peer) => {
      peers.push(peer);
      return answer(request, peer);
    },
  });
  t.after(() => listener.close());
  return { listener, listeners, peers };
}

const OPTIONS: ListenersOptions = {
  doors: openDoors,
  ledger: { append() {} },
  log: silentLog,
  limits: { graceMs: 100 },
};

async function unix(t: TestContext) {
  const folder = mkdtempSync(join(tmpdir(), "isopod-listen-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const path = join(folder, "run", "gateway.sock");
  return { path, listeners: createListeners(OPTIONS), again: createListeners(OPTIONS) };
}

function get(options: RequestOptions): Promise<string> {
  return new Promise((resolve, reject) => {
    const request = sendHttp({ ...options, agent: false }, async (answer) => {
      resolve(Buffer.concat(await Array.fromAsync(answer)).toString());
    });
    request.on("error", reject);
    request.end();
  });
}
