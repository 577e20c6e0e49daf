import assert from "node:assert/strict";
import { createServer } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import { text } from "node:stream/consumers";
import { test, type TestContext } from "node:test";

import { type Log, silentLog } from "../base/log.ts";
import { HttpResponse } from "../protocol/http.ts";
import { type Answer, respond } from "./respond.ts";

test("security: a header that comes twice counts whole, Host too", async (t) => {
  const { say } = await serve(t, ({ headers }) => new HttpResponse(headers.get("host")));
  const answer = await say("GET / HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n");
  assert.match(answer, /\r\n\r\nlocalhost, evil\.example$/);
});

test("security: a Host that is no host, or none, reaches nobody", async (t) => {
  let reached = 0;
  const { say } = await serve(t, () => new HttpResponse(`${(reached += 1)}`));
  for (const head of [
    "GET / HTTP/1.1\r\nHost: localhost/evil\r\n",
    "GET / HTTP/1.1\r\nHost: me@localhost\r\n",
    "GET / HTTP/1.1\r\nHost: localhost?\r\n",
    "GET /localhost/api HTTP/1.0\r\n",
    "GET ftp://localhost/ HTTP/1.1\r\nHost: localhost\r\n",
  ]) {
    assert.match(await say(head), /^HTTP\/1\.1 400 /, head);
  }
  assert.equal(reached, 0);
});

test("names that a header may not have are no headers", async (t) => {
  const { say } = await serve(t, ({ headers }) => {
    return new HttpResponse(String(headers.get("__proto__") ?? headers.get("constructor")));
  });
  assert.match(await say("GET / HTTP/1.1\r\nHost: x\r\n"), /\r\n\r\nnull$/);
});

test("an answer has its length, and to a HEAD no bytes", async (t) => {
  const { say } = await serve(t, () => new HttpResponse("héllo", { headers: { "x-a": "b" } }));
  const answer = await say("GET / HTTP/1.1\r\nHost: x\r\n");
  assert.match(answer, /^HTTP\/1\.1 200 OK\r\nx-a: b\r\n/);
  assert.match(answer, /Content-Length: 6\r\n\r\nhéllo$/);
  assert.match(await say("HEAD / HTTP/1.1\r\nHost: x\r\n"), /^HTTP\/1\.1 200 OK\r\n[^]*\r\n\r\n$/);
});

test("the head of a stream goes out at once, with the first bytes where they are there", async (t) => {
  const silent = new ReadableStream<Uint8Array>({});
  const { open } = await serve(t, () => new HttpResponse(silent));
  const head = await open("GET / HTTP/1.1\r\nHost: x\r\n").next();
  assert.match(String(head.value), /^HTTP\/1\.1 200 OK\r\n[^]*\r\n\r\n$/);

  const quick = new ReadableStream<Uint8Array>({
    start: (controller) => controller.enqueue(Buffer.from("data: 1\n\n")),
  });
  const other = await serve(t, () => new HttpResponse(quick));
  const first = await other.open("GET / HTTP/1.1\r\nHost: x\r\n").next();
  assert.match(String(first.value), /^HTTP\/1\.1 200 OK\r\n[^]*data: 1\n\n/);
});

test("a stream is read no faster than the caller takes it", async (t) => {
  const chunk = new Uint8Array(64 * 1024);
  let made = 0;
  const endless = new ReadableStream<Uint8Array>({
    pull: (controller) => {
      made += 1;
      controller.enqueue(chunk);
    },
  });
  const { dial } = await serve(t, () => new HttpResponse(endless));
  const socket = await dial("GET / HTTP/1.1\r\nHost: x\r\n");
  socket.pause();
  let seen = -1;
  while (made > seen) {
    seen = made;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  assert.ok(made < 1000, `${made} chunks for somebody who reads none`);
});

test("a stream that fails cuts the connection, so that nobody takes what came for the whole", async (t) => {
  const logged: string[] = [];
  const broken = new ReadableStream<Uint8Array>({
    start: (controller) => controller.enqueue(Buffer.from("half")),
    pull: (controller) => controller.error(new Error("secret")),
  });
  const log: Log = { ...silentLog, error: (_, sentence) => void logged.push(sentence) };
  const { say } = await serve(t, () => new HttpResponse(broken), { log });
  const answer = await say("GET / HTTP/1.1\r\nHost: x\r\n").catch(() => "");
  assert.doesNotMatch(answer, /\r\n0\r\n\r\n$|secret/);
  assert.deepEqual(logged, ["a request was not answered"]);
});

test("security: a body that nobody reads is let arrive for a moment, then the connection is cut", async (t) => {
  const { dial } = await serve(t, () => new HttpResponse("no", { status: 401 }), { lingerMs: 50 });
  const socket = await dial("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000000\r\n");
  const chunk = Buffer.alloc(64 * 1024);
  const pump = setInterval(() => socket.write(chunk), 5);
  const closed = new Promise((resolve) => socket.on("close", resolve));
  const answer = await text(socket).catch(String);
  await closed;
  clearInterval(pump);
  assert.match(answer, /^HTTP\/1\.1 401 |ECONNRESET|EPIPE/);
});

type Given = { log?: Log; lingerMs?: number };

async function serve(
  t: TestContext,
  answer: Answer,
  { log = silentLog, lingerMs = 500 }: Given = {},
) {
  const server = createServer((incoming, outgoing) => {
    void respond(incoming, outgoing, { answer, log, lingerMs });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo; // TCP, so never a string
  const dial = (head: string) =>
    new Promise<Socket>((resolve) => {
      const socket = connect(port, "127.0.0.1", () => {
        socket.write(`${head}\r\n`);
        resolve(socket);
      });
      socket.on("error", () => {}); // what the tests look at is what came before
      t.after(() => socket.destroy());
    });
  async function* open(head: string): AsyncGenerator<Buffer> {
    yield* await dial(head);
  }
  const say = async (head: string) => text(await dial(`${head}Connection: close\r\n`));
  return { dial, open, say };
}
