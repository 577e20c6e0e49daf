import assert from "node:assert/strict";
import { request } from "node:http";
import { test } from "node:test";

import { createShareStage, type Reply, type ShareStage } from "../../test/fakes/share-stage.ts";

/** The same straight to the server: what an open port gives away. */
function direct(stage: ShareStage, method: string, path: string, body?: unknown): Promise<number> {
  return new Promise((resolve, reject) => {
    const { hostname, port } = new URL(stage.backend.url);
    const text = body === undefined ? "" : JSON.stringify(body);
    const headers = { "content-length": text.length };
    const sent = request({ host: hostname, port, method, path, headers }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    sent.once("error", reject);
    sent.end(text);
  });
}

const codeOf = ({ text }: Reply): string => {
  const { error } = JSON.parse(text) as { error: { code?: string } | string };
  return typeof error === "string" ? error : (error.code ?? "");
};

const CHAT = { model: "qwen3:8b", messages: [{ role: "user", content: "hi" }], stream: false };

test("security: what changes a server is refused through the relay, and works without it", async (t) => {
  const stage = await createShareStage(t);
  const { token } = await stage.pair();
  const name = { model: "qwen3:8b" };
  for (const [method, path, body, status] of [
    ["POST", "/api/pull", name, 403],
    ["POST", "/api/push", name, 404],
    ["POST", "/api/create", { ...name, from: "x" }, 404],
    ["POST", "/api/copy", { source: "qwen3:8b", destination: "b" }, 403],
    ["DELETE", "/api/delete", name, 403],
    ["POST", "/api/blobs/sha256:00", name, 404],
    ["GET", "/slots", undefined, 404],
    ["POST", "/slots/0", {}, 404],
    ["POST", "/models/load", name, 404],
    ["GET", "/isopod/manifest?model=qwen3", undefined, 403],
  ] as const) {
    const before = stage.backend.asked.length;
    const through = await stage.ask(method, path, { token, body });
    assert.equal(through.status, status, `${method} ${path}: ${through.text}`);
    assert.equal(stage.backend.asked.length, before, `${path} did not reach the server`);
    assert.equal(await direct(stage, method, path, body), 200, `the control: ${path} works`);
    assert.equal(stage.backend.asked.length, before + 1);
  }
});

test("security: each scope opens its own routes and no other, and a push is offered to nobody", async (t) => {
  const stage = await createShareStage(t, { mode: "internet" });
  const all = await stage.pair(["infer", "read", "write", "delete"]);
  const reader = await stage.pair(["read"]);
  const name = { model: "qwen3:8b" };
  const ask = (token: string, method: string, path: string, body?: unknown) =>
    stage.ask(method, path, { token, body }).then(({ status }) => status);
  assert.equal(await ask(all.token, "POST", "/api/pull", name), 200);
  assert.equal(await ask(all.token, "DELETE", "/api/delete", name), 200);
  assert.equal(await ask(all.token, "POST", "/api/push", name), 404);
  assert.equal(await ask(reader.token, "POST", "/api/chat", CHAT), 403);
  assert.equal(await ask(reader.token, "DELETE", "/api/delete", name), 403);
});

test("security: a download is the internet's: refused in mode private whoever asks, and another registry always", async (t) => {
  const stage = await createShareStage(t, { mode: "private" });
  const { token } = await stage.pair(["write"]);
  const pull = await stage.ask("POST", "/api/pull", { token, body: { model: "qwen3:8b" } });
  assert.equal(pull.status, 403);
  const open = await createShareStage(t, { mode: "internet" });
  const paired = await open.pair(["write"]);
  for (const model of ["evil.example/a/b:c", "http://evil.example/a", "a/b/c"]) {
    const reply = await open.ask("POST", "/api/pull", { token: paired.token, body: { model } });
    assert.equal(reply.status, 400, model);
  }
  assert.deepEqual(open.backend.asked, []);
});

test("security: without a token, with a wrong one and with a key of the gateway nothing is answered", async (t) => {
  const stage = await createShareStage(t);
  const { token } = await stage.pair();
  for (const wrong of [undefined, "", "isk_00000000000000000000000000000000", `${token}0`]) {
    const reply = await stage.ask("POST", "/api/chat", {
      ...(wrong !== undefined && { token: wrong }),
      body: CHAT,
    });
    assert.equal(reply.status, 401, wrong);
  }
  assert.deepEqual(stage.backend.asked, []);
  assert.equal((await stage.ask("POST", "/api/chat", { token, body: CHAT })).status, 200);
});

test("security: wrong tokens lock their source out, and a right one passes all the same", async (t) => {
  const stage = await createShareStage(t);
  const { token } = await stage.pair();
  const statuses: number[] = [];
  for (let at = 0; at < 12; at++) {
    statuses.push((await stage.ask("GET", "/api/tags", { token: `wrong-${at}` })).status);
  }
  assert.deepEqual([statuses[0], statuses.at(-1)], [401, 429]);
  assert.equal((await stage.ask("GET", "/api/tags", { token })).status, 200);
});

test("security: a pairing code works once, and guesses end for everybody after a few", async (t) => {
  const stage = await createShareStage(t);
  const { code } = stage.share.createCode(undefined);
  const pair = (code: string) =>
    stage.ask("POST", "/isopod/pair", { body: { code, device: "x" } }).then(({ status }) => status);
  assert.equal(await pair(code), 200);
  assert.equal(await pair(code), 401, "used");
  const unused = stage.share.createCode(undefined).code;
  const guesses: number[] = [];
  for (let at = 0; at < 12; at++) guesses.push(await pair(`AAAA-AAA${at % 10}`));
  assert.equal(guesses.at(-1), 429);
  assert.equal(
    await pair(unused),
    429,
    "a right one is refused as well, else guessing would go on",
  );
});

test("security: a token is kept as a hash, and neither it nor what was said stands in any file", async (t) => {
  const stage = await createShareStage(t);
  const { token } = await stage.pair();
  const said = "a-secret-that-was-said";
  const body = { ...CHAT, messages: [{ role: "user", content: said }] };
  await stage.ask("POST", "/api/chat", { token, body });
  const { readFileSync, readdirSync, statSync } = await import("node:fs");
  const { join } = await import("node:path");
  const files = readdirSync(stage.home).filter((name) => name.startsWith("share"));
  assert.deepEqual(files.toSorted(), ["share.jsonl", "share.key"]);
  for (const name of files) {
    const file = join(stage.home, name);
    assert.equal(statSync(file).mode & 0o077, 0, `${name} is its owner's alone`);
    assert.doesNotMatch(readFileSync(file, "utf8"), new RegExp(`${said}|${token}`));
  }
  const audit = readFileSync(join(stage.home, "share.jsonl"), "utf8");
  assert.match(audit, /"path":"\/api\/chat","status":200/, "the control: the request is in it");
  assert.ok(!JSON.stringify(stage.share.status()).includes(token));
});

test("security: the body is written anew: no other field, no second key and no address goes on", async (t) => {
  const stage = await createShareStage(t, { product: "openai" });
  const { token } = await stage.pair();
  const hostile = `{"model":"evil","model":"qwen3:8b","slot_save":"/etc/x","lora":[{"path":"/x"}],
    "grammar_file":"/etc/passwd","messages":[{"role":"user","content":"hi","file":"/etc/passwd"}]}`;
  assert.equal(
    (await stage.ask("POST", "/v1/chat/completions", { token, body: hostile })).status,
    200,
  );
  assert.deepEqual(JSON.parse(stage.backend.asked[0]?.body ?? ""), {
    model: "qwen3:8b",
    messages: [{ role: "user", content: "hi" }],
  });
});

test("security: media is taken as data: alone, for a server would fetch or read what an address names", async (t) => {
  const stage = await createShareStage(t, { product: "openai" });
  const { token } = await stage.pair();
  const chat = (url: string) => ({
    model: "qwen3:8b",
    messages: [{ role: "user", content: [{ type: "image_url", image_url: { url } }] }],
  });
  const send = (body: unknown) =>
    stage.ask("POST", "/v1/chat/completions", { token, body }).then(({ status }) => status);
  for (const url of [
    "http://169.254.169.254/latest",
    "file:///etc/passwd",
    "/etc/passwd",
    "data:text/html;base64,AAAA",
    "data:image/png;base64,AAAA\nhttp://x",
  ]) {
    assert.equal(await send(chat(url)), 400, url);
  }
  for (const part of [{ type: "video_url", video_url: { url: "http://x" } }, { type: "file" }]) {
    const messages = [{ role: "user", content: [part] }];
    assert.equal(await send({ model: "qwen3:8b", messages }), 400);
  }
  const schema = { $ref: "http://evil.example/schema.json" };
  assert.equal(await send({ ...CHAT, response_format: { type: "json_schema", schema } }), 400);
  assert.deepEqual(stage.backend.asked, []);
  assert.equal(await send(chat("data:image/png;base64,AAAA")), 200, "the control");
});

test("security: Ollama's images are base 64 and nothing else", async (t) => {
  const stage = await createShareStage(t);
  const { token } = await stage.pair();
  const send = (images: string[]) =>
    stage
      .ask("POST", "/api/chat", {
        token,
        body: { ...CHAT, messages: [{ role: "user", content: "", images }] },
      })
      .then(({ status }) => status);
  assert.equal(await send(["http://10.0.0.1/x.png"]), 400);
  assert.equal(await send(["./x.png"]), 400);
  assert.equal(await send(["AAAA"]), 200);
});

test("security: only models of this machine: what runs in the cloud behind it is neither listed nor asked", async (t) => {
  const stage = await createShareStage(t);
  const { token } = await stage.pair();
  const { text } = await stage.ask("GET", "/api/tags", { token });
  const { models } = JSON.parse(text) as { models: { name: string }[] };
  assert.deepEqual(
    models.map(({ name }) => name),
    ["qwen3:8b", "llama3:latest"],
  );
  assert.doesNotMatch(text, /secret/, "and of each only what is allowed");
  for (const model of ["gpt-oss:120b-cloud", "far:latest", "none", "../x"]) {
    const reply = await stage.ask("POST", "/api/chat", { token, body: { ...CHAT, model } });
    assert.ok([400, 404].includes(reply.status), `${model}: ${reply.status}`);
  }
  assert.deepEqual(stage.backend.asked, []);
  const body = { ...CHAT, model: "llama3" };
  assert.equal((await stage.ask("POST", "/api/chat", { token, body })).status, 200);
});

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

test("security: of an answer's head only its kind goes on, and no redirect does", async (t) => {
  const stage = await createShareStage(t);
  const { token } = await stage.pair();
  const { headers } = await stage.ask("POST", "/api/chat", { token, body: CHAT });
  assert.equal(headers["x-secret-path"] ?? headers["set-cookie"], undefined);
  stage.backend.answer = (asked, response) => {
    if (asked.url !== "/api/chat") return false;
    response.writeHead(302, { location: "http://evil.example" }).end();
    return true;
  };
  const redirected = await stage.ask("POST", "/api/chat", { token, body: CHAT });
  assert.deepEqual([redirected.status, redirected.headers.location], [502, undefined]);
});

test("security: the server gets its own key, and never the device's token", async (t) => {
  const stage = await createShareStage(t);
  const { token } = await stage.pair();
  const headers = { cookie: "a=b", "x-forwarded-for": "1.2.3.4" };
  await stage.ask("POST", "/api/chat", { token, body: CHAT, headers });
  const [asked] = stage.backend.asked;
  assert.equal(asked?.headers.authorization, "Bearer its-own-key");
  assert.doesNotMatch(JSON.stringify(asked), new RegExp(`${token}|a=b|1\\.2\\.3\\.4`));
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

test("a refusal is told in the form of the dialect that was asked in", async (t) => {
  const stage = await createShareStage(t);
  const { token } = await stage.pair();
  const body = { ...CHAT, model: "none" };
  const native = await stage.ask("POST", "/api/chat", { token, body });
  assert.match(codeOf(native), /the model "none": it was not found/);
  const openai = await stage.ask("POST", "/v1/chat/completions", { token, body });
  assert.equal(codeOf(openai), "RELAY_MODEL_MISSING");
});

test("a server that is off is told as that, and its own refusal of our key is not the device's", async (t) => {
  const stage = await createShareStage(t);
  const { token } = await stage.pair();
  stage.backend.answer = (asked, response) => {
    if (asked.url !== "/api/chat") return false;
    response.writeHead(401).end("{}");
    return true;
  };
  const reply = await stage.ask("POST", "/api/chat", { token, body: CHAT });
  assert.equal(reply.status, 502);
});
