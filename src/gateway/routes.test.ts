import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";

import { openTestGateway, type TestGateway } from "../../test/fakes/gateway.ts";
import { QUEUE } from "../../test/fakes/services.ts";
import { SCOPES } from "../protocol/api.ts";
import { defineRoute, type Route } from "../protocol/route.ts";

/** A route that a room forgot nothing on: what must come out of a bug and of an answer of its own. */
const strange = [
  defineRoute({
    method: "GET",
    path: "/api/test/bug",
    scope: "none",
    handle: async () => {
      throw new TypeError("the secret is 42");
    },
  }),
];

let gateway: TestGateway;
before(async () => {
  gateway = await openTestGateway({ routes: strange });
});
after(() => gateway.close());

/** Every route that is mounted, so that a new one is covered by itself. */
const mounted = () => gateway.gateway.routes.filter((route) => !strange.includes(route));
const guarded = () => mounted().filter((route) => route.scope !== "none");
const nameOf = ({ method, path }: Route) => `${method} ${path}`;
const pathOf = ({ path }: Route, id: string) => path.replace(/:id(\{.*\})?/, id);

/** A body for each route that wants one; a new route without a row fails here and says so. */
const BODIES: Record<string, object> = {
  "POST /api/pair": { code: "nonsense", device: "a phone" },
  "POST /api/context/check": {},
  "POST /api/documents": { path: "/Canary" },
  "POST /api/documents/search": { query: "Canary" },
  "POST /api/models/engine/install": {},
  "POST /api/models/load": { model: "fake/model" },
  "POST /api/models/probe": { model: "fake/model" },
  "POST /api/models/pull": { name: "model" },
  "POST /api/models/remove": { model: "fake/model" },
  "POST /api/models/services/:id/approve": { hash: "0".repeat(64) },
  "POST /api/models/unload": { model: "fake/model" },
  "POST /api/models/use": { model: "fake/model" },
  "PUT /api/mode": { mode: "device" },
  "POST /api/mode/check": {},
  "PUT /api/link": { link: "down" },
  "POST /api/sessions": {},
  "PATCH /api/sessions/:id": { title: "Stolen" },
  "POST /api/sessions/:id/messages": { text: "let me in" },
  "POST /api/approvals/:id": { decision: "allow" },
  "POST /api/keys": { name: "mine", scopes: ["read"] },
  "POST /v1/embeddings": { model: "fake/model", input: "hello" },
  "POST /v1/responses": { input: "hello" },
  "POST /v1/chat/completions": { messages: [{ role: "user", content: "hello" }] },
};

const send = (route: Route, as: string, id = "nothing") => {
  const body = BODIES[nameOf(route)];
  if (route.body) assert.ok(body, `no body for ${nameOf(route)}: add a row to BODIES`);
  return gateway.call(route.method, pathOf(route, id), { as, ...(body ? { body } : {}) });
};

test("the routes are those of the table in protocol/api.ts, and what docs/api.md adds", () => {
  assert.deepEqual(
    mounted()
      .map((route) => `${nameOf(route)} (${route.scope})`)
      .toSorted(),
    [
      "DELETE /api/devices/:id (admin)",
      "DELETE /api/documents/:id (admin)",
      "DELETE /api/grants/:id (approve)",
      "DELETE /api/keys/:id (admin)",
      "DELETE /api/sessions/:id (chat)",
      "DELETE /v1/responses/:id (chat)",
      "GET /api/approvals (read)",
      "GET /api/config (admin)",
      "GET /api/cost (read)",
      "GET /api/devices (read)",
      "GET /api/doctor (read)",
      "GET /api/documents (read)",
      "GET /api/egress/policy (read)",
      "GET /api/events (read)",
      "GET /api/grants (read)",
      "GET /api/keys (admin)",
      "GET /api/ledger (read)",
      "GET /api/me (read)",
      "GET /api/mode (read)",
      "GET /api/models (read)",
      "GET /api/models/details (read)",
      "GET /api/models/engine (read)",
      "GET /api/models/fit (read)",
      "GET /api/models/loaded (read)",
      "GET /api/models/queues (read)",
      "GET /api/models/services (admin)",
      "GET /api/sessions (read)",
      "GET /api/sessions/:id (read)",
      "GET /api/sessions/:id/context (read)",
      "GET /api/sessions/:id/messages/:message/images/:index (read)",
      "GET /api/status (read)",
      "GET /healthz (none)",
      "GET /metrics (read)",
      "GET /readyz (none)",
      "GET /v1/models (chat)",
      "GET /v1/models/:id{.+} (chat)",
      "GET /v1/responses/:id (chat)",
      "PATCH /api/sessions/:id (chat)",
      "POST /api/approvals/:id (approve)",
      "POST /api/context/check (admin)",
      "POST /api/doctor (admin)",
      "POST /api/documents (admin)",
      "POST /api/documents/search (read)",
      "POST /api/gateway/stop (admin)",
      "POST /api/keys (admin)",
      "POST /api/mode/check (admin)",
      "POST /api/models/engine/install (admin)",
      "POST /api/models/engine/remove (admin)",
      "POST /api/models/load (admin)",
      "POST /api/models/probe (admin)",
      "POST /api/models/pull (admin)",
      "POST /api/models/remove (admin)",
      "POST /api/models/services/:id/approve (admin)",
      "POST /api/models/services/:id/stop (admin)",
      "POST /api/models/unload (admin)",
      "POST /api/models/use (admin)",
      "POST /api/pair (none)",
      "POST /api/pairing-codes (admin)",
      "POST /api/sessions (chat)",
      "POST /api/sessions/:id/messages (chat)",
      "POST /api/sessions/:id/stop (chat)",
      "POST /v1/chat/completions (chat)",
      "POST /v1/embeddings (chat)",
      "POST /v1/responses (chat)",
      "PUT /api/link (admin)",
      "PUT /api/mode (admin)",
    ],
  );
});

test("docs/api.md has a row for each route, with its scope, and none besides", () => {
  const docs = readFileSync(join(import.meta.dirname, "../../docs/api.md"), "utf8");
  const rows = Array.from(
    docs.matchAll(/^\| `([A-Z]+ \/\S*)` *\| (\w+) *\|/gm),
    ([, route, scope]) => `${route} ${scope}`,
  );
  const routes = mounted().map((route) => `${nameOf(route).replace(/\{.*/, "")} ${route.scope}`);
  // Those of sharing are mounted by the composition; `share.test.ts` keeps theirs.
  const own = rows.filter((row) => !row.includes(" /api/share"));
  assert.deepEqual(own.toSorted(), routes.toSorted());
});

test("security: every route but those without a scope refuses who shows nothing", async () => {
  for (const route of guarded()) {
    const { status, json } = await send(route, "");
    assert.equal(status, 401, nameOf(route));
    assert.equal(json.error.code, "AUTH_MISSING", nameOf(route));
  }
  assert.deepEqual(gateway.did, []);
});

test("security: every route refuses a key that lacks its scope alone", async () => {
  for (const route of guarded()) {
    const others = SCOPES.filter((scope) => scope !== route.scope);
    const { key } = await gateway.keyOf("kim", others);
    const { status, json } = await send(route, key);
    assert.equal(status, 403, nameOf(route));
    assert.equal(json.error.code, "AUTH_SCOPE", nameOf(route));
  }
  assert.deepEqual(gateway.did, []);
});

test("security: every route with an id answers a second person as if there were nothing", async () => {
  const { call, store, agent, kim, keys } = gateway;
  const created = await call("POST", "/api/sessions", { body: { title: "Private" } });
  const { id } = created.json;
  await call("POST", "/api/documents", { body: { path: "/mine" } });
  const [folder] = await store.documents.list(kim);
  const approval = { id: "apr_1", session: id, tool: "run", why: "", command: "", expiresAt: 1e15 };
  agent.ask(kim, approval);
  agent.grant(kim, "web:canary.example");
  for (const route of guarded().filter(({ path }) => path.includes(":id"))) {
    for (const own of [id, "apr_1", String(folder?.id), "web:canary.example"]) {
      const { status } = await send(route, keys.lee, own);
      assert.ok([403, 404].includes(status), `${nameOf(route)} answered ${status}`);
    }
  }
  assert.equal((await store.sessions.get(kim, id))?.title, "Private");
  assert.equal((await store.documents.list(kim)).length, 1);
  assert.deepEqual(agent.decisions, []);
  assert.deepEqual(await agent.grants(kim), ["web:canary.example"]);
  assert.deepEqual(agent.heard, []);
});

test("security: every list shows a second person nothing of the first", async () => {
  const { agent, call, keys, kim } = gateway;
  await call("POST", "/api/sessions", { body: { title: "Canary" } });
  await call("POST", "/api/documents", { body: { path: "/Canary" } });
  agent.grant(kim, "web:Canary.example");
  const { key } = await gateway.keyOf("kim");
  for (const route of guarded().filter(
    ({ method, path }) => method === "GET" && !/:id|events/.test(path),
  )) {
    const { text } = await send(route, keys.lee);
    assert.doesNotMatch(text, /Canary|apr_1/, nameOf(route));
    assert.ok(!text.includes(key), nameOf(route));
  }
  for (const path of ["/api/sessions", "/api/documents"]) {
    assert.match((await call("GET", path)).text, /Canary/, `the control: ${path}`);
  }
});

test("security: a key makes no key that may more than itself", async () => {
  const { key } = await gateway.keyOf("kim", ["admin"]);
  const body = { name: "more", scopes: ["admin", "chat"] };
  const { status, json } = await gateway.call("POST", "/api/keys", { as: key, body });
  assert.equal(status, 403);
  assert.equal(json.error.code, "AUTH_SCOPE");
});

test("every route with a body says which field is wrong", async () => {
  for (const route of mounted().filter((route) => route.body)) {
    const { status, json } = await gateway.call(route.method, pathOf(route, "x"), {
      body: {
        code: 5,
        gpu: "abacus",
        host: 6,
        model: 7,
        mode: "far",
        title: 3,
        text: 1,
        decision: 9,
        name: 2,
        messages: 4,
      },
    });
    assert.equal(status, 400, nameOf(route));
    assert.equal(json.error.code, "REQUEST_INVALID", nameOf(route));
    assert.match(json.error.message, /field "\w+"/, nameOf(route));
  }
  const { json } = await gateway.call("PUT", "/api/mode", { body: { mode: "far" } });
  assert.match(json.error.message, /"device"\|"private"\|"internet"/);
});

test("a path that is not there and a method that is not taken are faults", async () => {
  const missing = await gateway.call("GET", "/api/nothing");
  assert.deepEqual([missing.status, missing.json.error.code], [404, "NOT_FOUND"]);
  for (const [method, path] of [
    ["DELETE", "/api/status"],
    ["HEAD", "/api/events"],
    ["OPTIONS", "/api/sessions"],
  ] as const) {
    const refused = await gateway.call(method, path);
    assert.equal(refused.status, 405, `${method} ${path}`);
    if (method !== "HEAD") assert.equal(refused.json.error.code, "METHOD_REFUSED");
  }
  const v1 = await gateway.call("GET", "/v1/nothing");
  assert.deepEqual([v1.status, v1.json.error.type], [404, "invalid_request_error"]);
});

test("security: a bug shows an id and nothing else; the log has the rest under the request's id", async () => {
  const { status, json, text, headers } = await gateway.call("GET", "/api/test/bug");
  assert.equal(status, 500);
  assert.equal(json.error.code, "INTERNAL_ERROR");
  assert.doesNotMatch(text, /secret is|TypeError|routes\.test/);
  const line = gateway.logged.find(({ level }) => level === "error");
  const facts = line?.facts as { id: string; bug: string; err: Error };
  assert.equal(facts.id, headers.get("x-request-id"));
  assert.ok(json.error.message.includes(facts.bug));
  assert.equal(facts.err.message, "the secret is 42");
});

test("security: the log has no content, no query and no key", async () => {
  gateway.logged.length = 0;
  const { json } = await gateway.call("POST", "/api/sessions", { body: { title: "Canary-title" } });
  const path = `/api/sessions/${json.id}/messages?canary=Canary-query`;
  await gateway.call("POST", path, { body: { text: "Canary-text" } });
  const text = JSON.stringify(gateway.logged);
  assert.ok(gateway.logged.length >= 2);
  assert.doesNotMatch(text, /Canary|isk_/);
});

test("system routes do what they say, answer with the status, and tell everyone", async () => {
  const { call, did } = gateway;
  did.length = 0;
  const told: string[] = [];
  const unwatch = gateway.hub.watch(gateway.lee, ({ type }) => void told.push(type));
  await call("POST", "/api/models/use", { body: { model: "fake/model" } });
  const { json } = await call("PUT", "/api/mode", { body: { mode: "device" } });
  assert.equal(json.version, "0.0.0");
  assert.deepEqual(told, ["status", "status"]);
  unwatch();
  await call("POST", "/api/gateway/stop");
  await call("GET", "/api/doctor");
  await call("POST", "/api/doctor");
  assert.deepEqual(did, ["use fake/model", "mode device", "stop", "checks false", "checks true"]);
  for (const limit of ["0", "-1", "x", "1e9", "5001"]) {
    assert.equal((await call("GET", `/api/ledger?limit=${limit}`)).status, 400, limit);
  }
  assert.deepEqual((await call("GET", "/api/ledger?limit=5")).json, { lines: [] });
});

test("mode and link are set with whose word it is and for how long, shown, and told to everyone", async () => {
  const { call, did, setters } = gateway;
  did.length = setters.length = 0;
  const told: string[] = [];
  const unwatch = gateway.hub.watch(gateway.lee, ({ type }) => void told.push(type));
  await call("PUT", "/api/mode", { body: { mode: "internet", forSeconds: 7_200 } });
  await call("PUT", "/api/mode", { body: { mode: "device", until: "restart" } });
  await call("PUT", "/api/link", { body: { link: "down" } });
  await call("PUT", "/api/link", { body: { link: "auto" } });
  unwatch();
  assert.deepEqual(told, ["status", "status", "status", "status"]);
  const { json } = await call("POST", "/api/mode/check", { body: { host: "api.example" } });
  assert.equal(json.ok, true);
  assert.deepEqual(did, [
    "mode internet for 7200000 ms",
    "mode device until restart",
    "link down",
    "link auto",
    "check api.example",
  ]);
  assert.equal(new Set(setters).size, 1);
  assert.match(setters[0] ?? "", /^person_/);
  assert.equal((await call("GET", "/api/mode")).json.kept, "private");
  for (const body of [
    { mode: "internet", forSeconds: 59 },
    { mode: "internet", forSeconds: 2_592_001 },
    { mode: "internet", forSeconds: 1.5e3 + 0.5 },
    { mode: "internet", until: "tomorrow" },
    { mode: "internet", until: "restart", forSeconds: 60 },
    { mode: "all" },
  ]) {
    assert.equal((await call("PUT", "/api/mode", { body })).status, 400, JSON.stringify(body));
  }
});

test("health: alive for everyone, ready with reasons, metrics for keys that may read", async () => {
  const sick = await openTestGateway({ unready: ["no model"] });
  try {
    assert.deepEqual((await sick.call("GET", "/healthz", { as: "" })).json, { ok: true });
    const ready = await sick.call("GET", "/readyz", { as: "" });
    assert.deepEqual([ready.status, ready.json], [503, { ready: false, reasons: ["no model"] }]);
    const { text, headers } = await sick.call("GET", "/metrics");
    assert.match(headers.get("content-type") ?? "", /^text\/plain; version=0.0.4/);
    assert.match(
      text,
      /isopod_http_requests_total\{method="GET",route="\/readyz",status="503"\} 1/,
    );
    assert.match(text, /process_resident_memory_bytes \d{7,}/);
    assert.match(text, /isopod_build_info\{version="0.0.0"\} 1/);
  } finally {
    await sick.close();
  }
  const ready = await gateway.call("GET", "/readyz", { as: "" });
  assert.deepEqual([ready.status, ready.json], [200, { ready: true, reasons: [] }]);
});

test("pairing gives a cookie and a proof; both together open the door, neither alone does", async () => {
  const { call, port } = gateway;
  const { json: made } = await call("POST", "/api/pairing-codes");
  const body = { code: made.code, device: "Kim's phone" };
  const paired = await call("POST", "/api/pair", { as: "", body });
  assert.equal(paired.status, 200);
  const [cookie, ...flags] = (paired.headers.get("set-cookie") ?? "").split("; ");
  assert.ok(cookie?.startsWith(`isopod-${port}=`));
  assert.ok(flags.includes("HttpOnly") && flags.includes("SameSite=Strict"));
  const proof = { "x-isopod-device": paired.json.proof };
  const me = (headers: Record<string, string>) => call("GET", "/api/me", { as: "", headers });
  assert.equal((await me({ cookie: cookie ?? "", ...proof })).json.device, paired.json.device);
  assert.equal((await me({ cookie: cookie ?? "" })).status, 401);
  assert.equal((await me(proof)).status, 401);
  assert.equal(
    (await call("POST", "/api/pair", { as: "", body })).json.error.code,
    "PAIRING_REFUSED",
  );

  const { devices } = (await call("GET", "/api/devices")).json;
  assert.equal(devices[0].name, "Kim's phone");
  assert.equal((await call("DELETE", `/api/devices/${devices[0].id}`)).status, 200);
  assert.equal((await me({ cookie: cookie ?? "", ...proof })).status, 401);
});

test("the lines before the model servers are told to readers, and stand in the metrics", async () => {
  const { json } = await gateway.call("GET", "/api/models/queues");
  assert.deepEqual(json.queues, [QUEUE]);
  const { text } = await gateway.call("GET", "/metrics");
  assert.match(text, /isopod_model_requests_waiting\{server="fake",priority="api"\} 1/);
});

test("security: a command line is approved by who sits at the machine, not with a key from elsewhere", async () => {
  const path = "/api/models/services/fake/approve";
  const { status, json } = await gateway.call("POST", path, { body: { hash: "0".repeat(64) } });
  assert.equal(status, 403);
  assert.equal(json.error.code, "MODEL_SERVICE_ELSEWHERE");
  assert.ok(!gateway.did.some((done) => done.startsWith("approve")));
});
