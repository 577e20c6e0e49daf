import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";

import { openTestGateway, type TestGateway } from "../../test/fakes/gateway.ts";
import { systemClock } from "../base/clock.ts";
import { silentLog } from "../base/log.ts";
import type { ShareStatus } from "../protocol/share.ts";
import { shareRoutes } from "./routes/share.ts";

const STATUS: ShareStatus = {
  sharing: false,
  pin: "sha256//x",
  fingerprint: "x",
  devices: [],
  audit: "/x",
};
const did: string[] = [];
const does =
  <T>(what: string, result: T) =>
  async (): Promise<T> => {
    did.push(what);
    return result;
  };

const routes = shareRoutes({
  share: {
    status: () => STATUS,
    start: does("start", STATUS),
    stop: does("stop", STATUS),
    createCode: () => assert.fail("no code may be made from afar"),
    revoke: does("revoke", { id: "shd_1", name: "laptop" }),
  },
  join: {
    look: does("look", { url: "", fingerprint: "" }),
    join: does("join", { id: "", provider: {}, scopes: [], models: [] }),
  },
  async *copy() {
    yield { type: "done", ref: "qwen3:8b", seconds: 1 };
  },
  clock: systemClock,
  log: silentLog,
});

let gateway: TestGateway;
before(async () => {
  gateway = await openTestGateway({ routes });
});
after(() => gateway.close());

test("security: what opens this machine to others is done at the machine, whatever key one has", async () => {
  const join = { url: "https://a", code: "a", fingerprint: "a", id: "a", device: "a" };
  for (const [path, body] of [
    ["/api/share/start", {}],
    ["/api/share/codes", {}],
    ["/api/share/look", { url: "https://a" }],
    ["/api/share/join", join],
  ] as const) {
    const { status, json } = await gateway.call("POST", path, { body });
    assert.deepEqual([status, json.error.code], [403, "SHARE_NOT_HERE"], path);
  }
  assert.deepEqual(did, []);
});

test("closing is allowed from anywhere: status, stop and revoke take an admin's key", async () => {
  assert.equal((await gateway.call("GET", "/api/share")).json.sharing, false);
  assert.equal((await gateway.call("POST", "/api/share/stop")).status, 200);
  assert.equal((await gateway.call("DELETE", "/api/share/devices/shd_1")).json.name, "laptop");
  assert.deepEqual(did, ["stop", "revoke"]);
});

test("a copy is told as a download is", async () => {
  const body = { from: "desk", model: "qwen3:8b" };
  const { text } = await gateway.call("POST", "/api/share/copy", { body });
  assert.match(text, /^data: \{"type":"done","ref":"qwen3:8b"/);
});

test("docs/api.md has a row for each of them, with its scope, and none besides", () => {
  const docs = readFileSync(join(import.meta.dirname, "../../docs/api.md"), "utf8");
  const rows = docs.matchAll(/^\| `([A-Z]+ \/api\/share\S*)` *\| (\w+) *\|/gm);
  assert.deepEqual(
    Array.from(rows, ([, route, scope]) => `${route} ${scope}`).toSorted(),
    routes.map(({ method, path, scope }) => `${method} ${path} ${scope}`).toSorted(),
  );
});

test("security: a member of the gateway has no route of sharing at all", async () => {
  for (const { method, path } of routes) {
    const { status } = await gateway.call(method, path.replace(":id", "x"), {
      as: gateway.keys.lee,
      ...(method === "POST" && { body: {} }),
    });
    assert.equal(status, 403, `${method} ${path}`);
  }
});
