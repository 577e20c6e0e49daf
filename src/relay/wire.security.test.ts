/** What comes over the wire: bytes that are no honest request, and connections that outlive a right. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { createShareStage } from "../../test/fakes/share-stage.ts";

const CHAT = { model: "qwen3:8b", messages: [{ role: "user", content: "hi" }], stream: false };

test("security: one spelling of a path passes: nothing encoded, no dots, no second slash, no query", async (t) => {
  const stage = await createShareStage(t);
  const { token } = await stage.pair();
  for (const target of [
    "/api/%70ull",
    "/api%2fchat",
    "/api/chat/../pull",
    "/api/./chat",
    "//api/chat",
    "/api//chat",
    "/api/chat/",
    "/api/chat;x",
    "/api/chat?stream=false",
    "/api\\chat",
    "/API/chat",
    "http://127.0.0.1/api/chat",
    "http://evil.example/api/chat",
    "*",
    "/api/chat#x",
  ]) {
    const body = JSON.stringify(CHAT);
    const reply = await stage.raw(
      `POST ${target} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: Bearer ${token}\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`,
    );
    assert.match(reply, /^HTTP\/1\.1 (400|404)/, target);
  }
  assert.deepEqual(stage.backend.asked, []);
});

const HEAD = (token: string) => `Host: 127.0.0.1\r\nAuthorization: Bearer ${token}\r\n`;

test("security: whatever two parsers could read differently ends the connection", async (t) => {
  const stage = await createShareStage(t);
  const { token } = await stage.pair();
  const body = JSON.stringify(CHAT);
  const hidden = `GET /api/ps HTTP/1.1\r\n${HEAD(token)}\r\n`;
  const post = (headers: string, rest: string) =>
    `POST /api/chat HTTP/1.1\r\n${HEAD(token)}${headers}\r\n${rest}`;
  const chunks = `${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`;
  for (const [what, bytes] of Object.entries({
    "a length and chunks": post(
      `Content-Length: ${body.length}\r\nTransfer-Encoding: chunked\r\n`,
      `0\r\n\r\n${hidden}`,
    ),
    "two lengths": post(`Content-Length: ${body.length}\r\nContent-Length: 1\r\n`, body + hidden),
    "a list of lengths": post(`Content-Length: ${body.length}, ${body.length}\r\n`, body),
    "a signed length": post(`Content-Length: +${body.length}\r\n`, body),
    "a coding that is none": post("Transfer-Encoding: xchunked\r\n", chunks),
    "two codings": post("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n", chunks),
    "a coding before chunks": post("Transfer-Encoding: gzip, chunked\r\n", chunks),
    "a folded header": post(`X-A: a\r\n b\r\nContent-Length: ${body.length}\r\n`, body),
    "bare line feeds": post(`Content-Length: ${body.length}\r\n`, body).replaceAll("\r\n", "\n"),
    "bare line feeds between chunks": post(
      "Transfer-Encoding: chunked\r\n",
      chunks.replaceAll("\r\n", "\n"),
    ),
    "a space before the colon": post(`Content-Length : ${body.length}\r\n`, body),
    "two hosts": post(`Host: evil.example\r\nContent-Length: ${body.length}\r\n`, body),
    "two tokens": post(`Authorization: Bearer x\r\nContent-Length: ${body.length}\r\n`, body),
    "an upgrade": post(
      `Connection: upgrade\r\nUpgrade: websocket\r\nContent-Length: ${body.length}\r\n`,
      body,
    ),
    "an expectation": post(`Expect: 200-ok\r\nContent-Length: ${body.length}\r\n`, body),
    "an older protocol": post(`Content-Length: ${body.length}\r\n`, body).replace("1.1", "1.0"),
    "a body where none belongs": `GET /api/tags HTTP/1.1\r\n${HEAD(token)}Content-Length: 3\r\n\r\nabc`,
    "a tunnel": `CONNECT 127.0.0.1:80 HTTP/1.1\r\n${HEAD(token)}\r\n`,
  })) {
    const reply = await stage.raw(bytes);
    assert.doesNotMatch(reply, /HTTP\/1\.1 (2|101)/, `${what}: ${reply}`);
  }
  assert.deepEqual(stage.backend.asked, [], "nothing of it reached the server");
  const good = await stage.raw(post(`Content-Length: ${body.length}\r\n`, body));
  assert.match(good, /^HTTP\/1\.1 200/, "the control: the same in one reading passes");
  const chunked = await stage.raw(post("Transfer-Encoding: chunked\r\n", chunks));
  assert.match(chunked, /^HTTP\/1\.1 200/);
});

test("security: a second request on a kept connection proves itself anew", async (t) => {
  const stage = await createShareStage(t);
  const { token, id } = await stage.pair();
  const good = `GET /api/tags HTTP/1.1\r\n${HEAD(token)}\r\n`;
  const stranger = "GET /api/tags HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n";
  const statuses = (text: string) => text.match(/HTTP\/1\.1 \d+/g)?.map((line) => line.slice(9));
  assert.deepEqual(statuses(await stage.raw(good + stranger)), ["200", "401"]);

  const socket = await stage.open();
  let text = "";
  socket.on("data", (chunk) => (text += chunk.toString()));
  const next = (count: number) =>
    new Promise<void>((resolve) => {
      const look = () => (statuses(text)?.length ?? 0) >= count && resolve();
      socket.on("data", look);
    });
  const first = next(1);
  socket.write(good);
  await first;
  await stage.share.revoke(id);
  const second = next(2);
  socket.write(good);
  await second;
  assert.deepEqual(statuses(text), ["200", "401"]);
  socket.destroy();
});

test("security: bytes that are no request end a connection, and are not answered inside another answer", async (t) => {
  const stage = await createShareStage(t);
  const { token } = await stage.pair();
  stage.backend.answer = (asked, response) => {
    if (asked.url !== "/api/chat") return false;
    response.write("{}\n"); // and never ends
    return true;
  };
  const body = JSON.stringify(CHAT);
  const chat = `POST /api/chat HTTP/1.1\r\n${HEAD(token)}Content-Length: ${body.length}\r\n\r\n${body}`;
  const socket = await stage.open();
  let text = "";
  const begun = new Promise<void>((resolve) =>
    socket.on("data", (chunk) => {
      text += chunk.toString("latin1");
      if (text.includes("{}")) resolve();
    }),
  );
  socket.write(chat);
  await begun;
  const ended = new Promise((resolve) => socket.once("close", resolve));
  socket.write("NO REQUEST\r\n\r\n");
  await ended;
  assert.equal(text.match(/HTTP\/1\.1/g)?.length, 1, text);
  assert.match(await stage.raw("NO REQUEST\r\n\r\n"), /^HTTP\/1\.1 400/, "the control");
});

test("security: revoking a device cuts its stream at once, and nobody else's", async (t) => {
  const stage = await createShareStage(t);
  const gone: string[] = [];
  stage.backend.answer = (asked, response) => {
    if (asked.url !== "/api/chat") return false;
    response.setHeader("content-type", "application/x-ndjson");
    response.write('{"message":{"content":"a"},"done":false}\n');
    response.once("close", () => gone.push("the server hears that nobody listens any more"));
    return true; // and never ends
  };
  const [one, other] = [await stage.pair(undefined, "one"), await stage.pair(undefined, "other")];
  const listen = async (token: string) => {
    const { promise: begun, resolve } = Promise.withResolvers<void>();
    const ended = stage.ask("POST", "/api/chat", { token, body: CHAT, onData: () => resolve() });
    ended.catch(() => {});
    await begun;
    return { ended };
  };
  const cut = await listen(one.token);
  const kept = await listen(other.token);
  assert.deepEqual(
    stage.share.status().devices.map(({ running }) => running),
    [1, 1],
  );
  await stage.share.revoke(one.id);
  await assert.rejects(cut.ended, /aborted|ECONNRESET|hang up/);
  assert.deepEqual(
    stage.share.status().devices.map(({ name, running }) => [name, running]),
    [["other", 1]],
  );
  assert.equal((await stage.ask("GET", "/api/tags", { token: one.token })).status, 401);
  await stage.share.stop();
  await assert.rejects(kept.ended);
  assert.equal(gone.length, 2);
});

test("security: a name that was rebound and a page in a browser are refused", async (t) => {
  const stage = await createShareStage(t);
  const { token } = await stage.pair();
  const ask = (headers: Record<string, string>) =>
    stage.ask("GET", "/api/tags", { token, headers }).then(({ status }) => status);
  assert.equal(await ask({ host: "evil.example" }), 400);
  assert.equal(await ask({ origin: "https://127.0.0.1" }), 400);
  assert.equal(await ask({ "sec-fetch-site": "same-origin" }), 400);
  for (const host of ["127.0.0.1:1", "box", "BOX.local:18790"])
    assert.equal(await ask({ host }), 200);
});

test("security: a body that is too large, too deep or no JSON is refused before the server hears of it", async (t) => {
  const stage = await createShareStage(t);
  const { token } = await stage.pair();
  const ask = (body: string) => stage.ask("POST", "/api/chat", { token, body });
  assert.equal((await ask("{")).status, 400);
  assert.equal((await ask("[".repeat(1_000))).status, 400);
  assert.equal((await ask("\u00ff{}")).status, 400);
  const length = 21 * 1024 * 1024;
  const reply = await stage.raw(
    `POST /api/chat HTTP/1.1\r\n${HEAD(token)}Content-Length: ${length}\r\n\r\n{`,
  );
  assert.match(reply, /^HTTP\/1\.1 413/, "told by its length alone");
  assert.match(reply, /connection: close/i);
  assert.deepEqual(stage.backend.asked, []);
});
