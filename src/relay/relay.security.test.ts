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
