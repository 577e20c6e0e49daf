import assert from "node:assert/strict";
import { request as httpRequest } from "node:http";
import { connect } from "node:net";
import { after, before, test } from "node:test";

import { openTestGateway, type TestGateway } from "../../test/fakes/gateway.ts";
import { defineRoute } from "../protocol/route.ts";

let gateway: TestGateway;
before(async () => {
  gateway = await openTestGateway({
    gate: { hosts: ["nas.local"], origins: ["https://chat.example"] },
    bodyTimeoutMs: 300,
    routes: [
      defineRoute({
        method: "POST",
        path: "/api/test/raw",
        scope: "chat",
        handle: async () => new Response("plain", { headers: { "content-type": "text/plain" } }),
      }),
    ],
  });
});
after(() => gateway.close());

type Answer = { status: number; headers: Record<string, unknown>; text: string };

/** With headers that `fetch` would not let us forge. */
function knock(
  method: string,
  path: string,
  headers: Record<string, string>,
  body = "",
): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = httpRequest({
      host: "127.0.0.1",
      port: gateway.port,
      method,
      path,
      agent: false,
      headers: { authorization: `Bearer ${gateway.keys.kim}`, ...headers },
    });
    request.on("response", (response) => {
      let text = "";
      response.on("data", (chunk) => (text += chunk));
      response.on("end", () =>
        resolve({ status: response.statusCode ?? 0, headers: response.headers, text }),
      );
    });
    request.on("error", reject);
    request.end(body);
  });
}

const codeOf = ({ text }: Answer): string => JSON.parse(text).error.code;
const json = { "content-type": "application/json" };

test("security: a Host that is not ours is refused everywhere (DNS rebinding)", async () => {
  const evil = [
    "evil.example",
    "evil.example:18789",
    "127.0.0.1.evil.example",
    "localhost.evil.example",
    "localhost.",
    "nas.local.evil.example",
    "10.0.0.1",
    "169.254.169.254",
    "[::2]",
    "xn--lcalhost-t0a",
  ];
  for (const host of evil) {
    for (const [method, path] of [
      ["GET", "/"],
      ["GET", "/api/status"],
      ["POST", "/api/sessions"],
      ["GET", "/healthz"],
      ["POST", "/v1/chat/completions"],
    ] as const) {
      const answer = await knock(method, path, { host });
      assert.equal(answer.status, 421, `${method} ${path} for ${host}`);
    }
  }
});

test("our own names are answered, with any port and in any case", async () => {
  for (const host of [
    "localhost",
    "127.0.0.1",
    "[::1]:18789",
    "LOCALHOST:9999",
    "nas.local",
    "nas.local:80",
  ]) {
    assert.equal((await knock("GET", "/api/status", { host })).status, 200, host);
  }
});

test("security: a request line with an address of its own is held to the same names", async () => {
  const text = await raw(
    "GET http://evil.example/api/status HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n",
  );
  assert.match(text, /^HTTP\/1\.1 421 /);
});

test("security: a foreign origin is refused on reads and writes, with the right key too", async () => {
  const own = `http://127.0.0.1:${gateway.port}`;
  const evil = [
    "https://evil.example",
    "null",
    "file://",
    "http://127.0.0.1",
    "http://127.0.0.1:3000",
    `http://localhost:${gateway.port}`,
    `${own}.evil.example`,
    `${own}/`,
    "chrome-extension://abcdef",
    "http://chat.example",
    "",
  ];
  for (const origin of evil) {
    for (const [method, path] of [
      ["GET", "/api/sessions"],
      ["POST", "/api/sessions"],
      ["DELETE", "/api/sessions/x"],
      ["OPTIONS", "/api/sessions"],
      ["POST", "/api/pair"],
      ["GET", "/"],
    ] as const) {
      const answer = await knock(method, path, { origin });
      assert.equal(answer.status, 403, `${method} ${path} from "${origin}"`);
      assert.equal(codeOf(answer), "ORIGIN_REFUSED");
      assert.equal(answer.headers["access-control-allow-origin"], undefined);
    }
  }
  for (const origin of [own, "https://chat.example"]) {
    assert.equal((await knock("GET", "/api/sessions", { origin })).status, 200, origin);
  }
});

test("security: forms, images and links of a foreign page are refused though they send no origin", async () => {
  for (const site of ["cross-site", "same-site"]) {
    for (const mode of ["no-cors", "navigate", "cors"]) {
      const headers = { "sec-fetch-site": site, "sec-fetch-mode": mode };
      assert.equal((await knock("GET", "/api/sessions", headers)).status, 403, `${site} ${mode}`);
      assert.equal((await knock("POST", "/api/gateway/stop", headers)).status, 403);
    }
  }
  const link = { "sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate" };
  assert.equal((await knock("GET", "/", link)).status, 503); // the page that says how to build the app
  const image = { "sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors" };
  assert.equal((await knock("GET", "/", image)).status, 403);
  const typed = { "sec-fetch-site": "none", "sec-fetch-mode": "navigate" };
  assert.equal((await knock("GET", "/api/sessions", typed)).status, 200);
  assert.deepEqual(gateway.did, []);
});

test("security: a body that a foreign form can send is not read", async () => {
  for (const type of ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data"]) {
    const headers = { "content-type": type };
    const answer = await knock("POST", "/api/sessions", headers, '{"title":"forged"}');
    assert.equal(answer.status, 400, type);
    assert.equal(codeOf(answer), "REQUEST_INVALID");
  }
});

test("security: every answer carries the policy, whatever it is", async () => {
  for (const [method, path, headers] of [
    ["GET", "/", {}],
    ["GET", "/nothing.js", {}],
    ["GET", "/api/status", {}],
    ["GET", "/api/nothing", {}],
    ["GET", "/api/status", { host: "evil.example" }],
    ["POST", "/api/test/raw", {}],
    ["POST", "/v1/chat/completions", {}],
    ["GET", "/metrics", {}],
  ] as const) {
    const answer = await knock(method, path, headers);
    const policy = String(answer.headers["content-security-policy"]);
    assert.match(policy, /default-src 'self'; img-src 'self' data: blob:; script-src 'self'/, path);
    assert.match(policy, /frame-ancestors 'none'/);
    assert.doesNotMatch(policy, /unsafe|\*|https?:/);
    assert.equal(answer.headers["x-content-type-options"], "nosniff");
    assert.equal(answer.headers["referrer-policy"], "no-referrer");
    assert.equal(answer.headers["cross-origin-opener-policy"], "same-origin");
    assert.equal(answer.headers["cross-origin-resource-policy"], "same-origin");
    assert.equal(answer.headers["cache-control"], "no-store");
    assert.match(String(answer.headers["x-request-id"]), /^[0-9a-f]{6}-\d+$/);
  }
});

test("security: 100 MB that announce themselves are refused before a byte is read", async () => {
  for (const [path, limit] of [
    ["/api/sessions", "1,048,576"],
    ["/v1/chat/completions", "20,971,520"],
  ] as const) {
    const { answer, sentBytes } = await upload(path, { "content-length": String(100 * 2 ** 20) });
    assert.equal(answer.status, 413, path);
    assert.equal(codeOf(answer), "REQUEST_TOO_LARGE");
    assert.ok(answer.text.includes(limit));
    assert.ok(sentBytes < 100 * 2 ** 20, `${sentBytes} bytes were taken`);
  }
});

test("security: 100 MB without a length are refused once they pass the limit", async () => {
  const before = process.memoryUsage().arrayBuffers;
  const { answer } = await upload("/api/sessions", { "transfer-encoding": "chunked" });
  assert.equal(answer.status, 413);
  assert.equal(codeOf(answer), "REQUEST_TOO_LARGE");
  assert.ok(process.memoryUsage().arrayBuffers - before < 50 * 2 ** 20);
});

test("security: who shows no key sends no body either", async () => {
  const { answer, sentBytes } = await upload("/api/sessions", {
    "content-length": String(100 * 2 ** 20),
    authorization: "Bearer wrong",
  });
  assert.equal(answer.status, 401);
  assert.ok(sentBytes < 100 * 2 ** 20);
});

test("security: a body that comes drop by drop, or never, is given up", async () => {
  const head = (rest: string) =>
    `POST /api/sessions HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer ${gateway.keys.kim}\r\nContent-Type: application/json\r\n${rest}\r\n\r\n`;
  const [known, chunked] = await Promise.all([
    raw(`${head("Content-Length: 50")}{"title":`),
    raw(`${head("Transfer-Encoding: chunked")}5\r\n{"tit\r\n`),
  ]);
  for (const text of [known, chunked]) {
    assert.match(text, /^HTTP\/1\.1 408 /);
    assert.match(text, /REQUEST_SLOW/);
    assert.match(text, /connection: close/i);
  }
});

test("broken UTF-8, broken JSON, nothing, and packed bodies are told apart", async () => {
  const post = (body: Buffer | string, headers = {}) =>
    fetch(`${gateway.url}/api/sessions`, {
      method: "POST",
      headers: { authorization: `Bearer ${gateway.keys.kim}`, ...json, ...headers },
      body,
    }).then(async (response) => (await response.json()) as { error: { message: string } });
  const utf8 = await post(Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x22, 0x7d]));
  assert.match(utf8.error.message, /body: is not UTF-8/);
  const broken = await post('{"title": "my secret plan');
  assert.match(broken.error.message, /body: is not JSON/);
  assert.doesNotMatch(JSON.stringify(broken), /secret/);
  assert.match((await post("  ")).error.message, /body: is empty/);
  assert.match((await post("[]")).error.message, /body: invalid input: expected object/);
  const packed = await post(Buffer.from([0x1f, 0x8b]), { "content-encoding": "gzip" });
  assert.match(packed.error.message, /Content-Encoding/);
});

test("security: a body that tries to be a prototype changes nothing", async () => {
  const body = '{"title":"x","__proto__":{"scopes":["admin"]},"constructor":{"prototype":{}}}';
  const answer = await knock("POST", "/api/sessions", json, body);
  assert.equal(answer.status, 200);
  assert.equal(Object(Object.prototype)["scopes"], undefined);
  assert.equal(JSON.parse(answer.text).title, "x");
});

test("security: paths that climb find nothing", async () => {
  for (const path of [
    "/../package.json",
    "/..%2fpackage.json",
    "/%2e%2e/%2e%2e/etc/passwd",
    "/assets/..\\..\\package.json",
    "//etc/passwd",
    "/api/../api/../etc/passwd",
    "/\0",
  ]) {
    const text = await raw(`GET ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`);
    assert.match(text, /^HTTP\/1\.1 4\d\d /, path);
    assert.doesNotMatch(text, /root:|"name": "isopod"/, path);
  }
});

test("security: two hundred wrong keys from a page of this machine end in a lock, and the right one passes", async () => {
  const statuses = new Set<number>();
  for (let count = 0; count < 200; count += 1) {
    const authorization = `Bearer isk_${count}`;
    statuses.add(
      (await gateway.call("GET", "/api/me", { as: "", headers: { authorization } })).status,
    );
  }
  assert.deepEqual([...statuses], [401, 429]);
  assert.equal((await gateway.call("GET", "/api/me")).status, 200);
});

/** Sends up to 100 MB, as fast as the other side takes it, and stops at the answer. */
function upload(
  path: string,
  headers: Record<string, string>,
): Promise<{ answer: Answer; sentBytes: number }> {
  const chunk = Buffer.alloc(256 * 1024, 0x20);
  return new Promise((resolve, reject) => {
    let sentBytes = 0;
    let answered = false as boolean;
    const request = httpRequest({
      host: "127.0.0.1",
      port: gateway.port,
      method: "POST",
      path,
      agent: false,
      headers: { authorization: `Bearer ${gateway.keys.kim}`, ...json, ...headers },
    });
    request.on("response", (response) => {
      answered = true;
      let text = "";
      response.on("data", (more) => (text += more));
      response.on("end", () => {
        request.destroy();
        const answer = { status: response.statusCode ?? 0, headers: response.headers, text };
        resolve({ answer, sentBytes });
      });
      response.on("error", reject);
    });
    request.on("error", (error) => answered || reject(error));
    const pump = () => {
      if (answered) return;
      for (; sentBytes < 100 * 2 ** 20; sentBytes += chunk.length) {
        if (!request.write(chunk)) return;
      }
      request.end();
    };
    request.on("drain", pump);
    pump();
  });
}

/** Bytes to the port; what came back until the other side hung up. */
function raw(bytes: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(gateway.port, "127.0.0.1", () => socket.write(bytes));
    let text = "";
    socket.on("data", (chunk) => (text += chunk));
    socket.on("close", () => resolve(text));
    socket.on("error", reject);
  });
}
