import assert from "node:assert/strict";
import { after, before, test } from "node:test";

import { sayHello, usage } from "../../../test/fakes/agent.ts";
import { openTestGateway, type TestGateway } from "../../../test/fakes/gateway.ts";
import { readServerEvents } from "../../base/sse.ts";
import type { AppEvent, TurnEvent } from "../../protocol/event.ts";

let gateway: TestGateway;
before(async () => {
  gateway = await openTestGateway();
});
after(() => gateway.close());

const create = async (body = {}) =>
  (await gateway.call("POST", "/api/sessions", { body })).json.id as string;
const say = (session: string, text: string, headers = {}) =>
  gateway.call("POST", `/api/sessions/${session}/messages`, { body: { text }, headers });

/** An open stream, its events one by one. */
async function follow(after?: string, as = gateway.keys.kim, headers = {}) {
  const hangUp = new AbortController();
  const query = after === undefined ? "" : `?after=${encodeURIComponent(after)}`;
  const response = await fetch(`${gateway.url}/api/events${query}`, {
    headers: { authorization: `Bearer ${as}`, ...headers },
    signal: hangUp.signal,
  });
  const events = readServerEvents(response.body ?? assert.fail("no body"));
  const next = async () => {
    const { value, done } = await events.next();
    return done ? undefined : { cursor: value.id ?? "", event: JSON.parse(value.data) as AppEvent };
  };
  const until = async (type: TurnEvent["type"]): Promise<AppEvent[]> => {
    const seen: AppEvent[] = [];
    for (;;) {
      const event = (await next())?.event ?? assert.fail(`the stream ended before "${type}"`);
      seen.push(event);
      if (event.type === "turn" && event.event.type === type) return seen;
    }
  };
  return { response, next, until, close: () => hangUp.abort() };
}

test("a message is answered on the stream, and stands in the session afterwards", async () => {
  const session = await create();
  const stream = await follow();
  const { status, json } = await say(session, "Hello, who are you?\nSecond line");
  assert.equal(status, 202);
  assert.equal(json.session, session);
  const seen = await stream.until("done");
  stream.close();
  const texts = seen.map((event) =>
    event.type === "turn" && event.event.type === "text" ? event.event.text : "",
  );
  assert.equal(texts.join(""), "Hello there");
  const detail = (await gateway.call("GET", `/api/sessions/${session}`)).json;
  assert.deepEqual(
    detail.messages.map(({ role, text }: { role: string; text: string }) => [role, text]),
    [
      ["user", "Hello, who are you?\nSecond line"],
      ["assistant", "Hello there"],
    ],
  );
  assert.equal(detail.cursor, gateway.hub.cursor(gateway.kim));
});

test("the same key twice is one message", async () => {
  const session = await create();
  const post = () =>
    gateway.call("POST", `/api/sessions/${session}/messages`, {
      body: { text: "once", key: "0123456789" },
    });
  const [first, second] = [await post(), await post()];
  assert.deepEqual(first.json, second.json);
  assert.equal(gateway.agent.heard.filter(({ text }) => text === "once").length, 1);
});

test("sessions are listed, renamed, given a model and deleted; each change is an event", async () => {
  const stream = await follow();
  const session = await create({ title: "First", model: "fake/model" });
  const { json } = await gateway.call("PATCH", `/api/sessions/${session}`, {
    body: { title: "Second", model: null },
  });
  assert.deepEqual([json.title, json.model], ["Second", undefined]);
  const wrong = await gateway.call("PATCH", `/api/sessions/${session}`, {
    body: { model: "fake/gone" },
  });
  assert.equal(wrong.json.error.code, "MODEL_MISSING");
  const list = (await gateway.call("GET", "/api/sessions")).json.sessions;
  assert.equal(list[0].id, session);
  await gateway.call("DELETE", `/api/sessions/${session}`);
  assert.equal((await gateway.call("GET", `/api/sessions/${session}`)).status, 404);
  const types = [await stream.next(), await stream.next(), await stream.next()];
  stream.close();
  assert.deepEqual(
    types.map((event) => event?.event.type),
    ["session", "session", "session-deleted"],
  );
});

test("stop ends the running turn, and the session says what became of it", async () => {
  const session = await create();
  gateway.agent.script = sayUntilStopped;
  const stream = await follow();
  await say(session, "go on for ever");
  await stream.until("text");
  const detail = (await gateway.call("GET", `/api/sessions/${session}`)).json;
  assert.equal(detail.session.busy, true);
  assert.equal(detail.live.events[0].type, "text");
  const { json } = await gateway.call("POST", `/api/sessions/${session}/stop`);
  assert.deepEqual(json, { stopped: true });
  await stream.until("failed");
  stream.close();
  gateway.agent.script = sayHello;
  const { messages } = (await gateway.call("GET", `/api/sessions/${session}`)).json;
  assert.deepEqual([messages.at(-1).role, messages.at(-1).code], ["notice", "TURN_STOPPED"]);
  const again = await gateway.call("POST", `/api/sessions/${session}/stop`);
  assert.deepEqual(again.json, { stopped: false });
});

test("a stream goes on after its cursor, by query or by Last-Event-ID, and misses nothing", async () => {
  const session = await create();
  const first = await follow();
  await say(session, "one");
  const seen = await first.next();
  first.close();
  await say(session, "two");
  const cursor = seen?.cursor ?? assert.fail("no cursor");
  for (const [after, headers] of [
    [cursor, {}],
    [undefined, { "last-event-id": cursor }],
    ["foreign:1", { "last-event-id": cursor }],
  ] as const) {
    const second = await follow(after, gateway.keys.kim, headers);
    const events = await second.until("done");
    second.close();
    assert.notEqual(events[0]?.type, "resync");
  }
});

test("a cursor of another run or of nonsense gets `resync` first", async () => {
  for (const cursor of ["aaaaaaaaaaaa:1", "nonsense", ":", "9".repeat(5000)]) {
    const stream = await follow(cursor);
    assert.deepEqual((await stream.next())?.event, { type: "resync" });
    stream.close();
  }
});

test("security: a stream carries nothing of another person's sessions", async () => {
  const hers = await follow(undefined, gateway.keys.lee);
  const session = await create({ title: "Canary" });
  await say(session, "Canary");
  const own = await gateway.call("POST", "/api/sessions", { as: gateway.keys.lee, body: {} });
  const first = await hers.next();
  hers.close();
  assert.deepEqual(first?.event, { type: "session", session: own.json });
});

test("security: revoking a key ends its streams at once, and no other", async () => {
  const { key, id } = await gateway.keyOf("kim");
  const revoked = await follow(undefined, key);
  const other = await follow();
  assert.equal((await gateway.call("DELETE", `/api/keys/${id}`)).status, 200);
  assert.equal(await revoked.next(), undefined);
  const session = await create();
  assert.equal((await other.next())?.event.type, "session");
  other.close();
  assert.equal((await gateway.call("GET", "/api/me", { as: key })).status, 401);
  await gateway.call("DELETE", `/api/sessions/${session}`);
});

test("security: a key opens 32 streams and no more; closing one makes room", async () => {
  const { key } = await gateway.keyOf("kim");
  const streams = await Promise.all(Array.from({ length: 32 }, () => follow(undefined, key)));
  const full = await follow(undefined, key);
  assert.equal(full.response.status, 429);
  const other = await follow();
  assert.equal(other.response.status, 200);
  other.close();
  const open = gateway.app.openStreams();
  streams.pop()?.close();
  while (gateway.app.openStreams() >= open) await new Promise((resolve) => setImmediate(resolve));
  const again = await follow(undefined, key);
  assert.equal(again.response.status, 200);
  for (const stream of [...streams, again]) stream.close();
});

test("a message is attended where an approver watches, or a program with that scope says so", async () => {
  const session = await create();
  const heard = () => gateway.agent.heard.at(-1)?.attended;
  while (gateway.app.openStreams() > 0) await new Promise((resolve) => setImmediate(resolve));
  await say(session, "alone");
  assert.equal(heard(), false);
  await say(session, "a terminal", { "x-isopod-attended": "1" });
  assert.equal(heard(), true);
  const { key } = await gateway.keyOf("kim", ["chat", "read"]);
  const reader = await follow(undefined, key);
  await gateway.call("POST", `/api/sessions/${session}/messages`, {
    as: key,
    body: { text: "cannot approve" },
    headers: { "x-isopod-attended": "1" },
  });
  assert.equal(heard(), false);
  const approver = await follow();
  await say(session, "a page is open");
  assert.equal(heard(), true);
  reader.close();
  approver.close();
});

test("what was allowed for always is listed for its person, and taken back", async () => {
  gateway.agent.grant(gateway.kim, "web:example.org:8443");
  const grants = async () => (await gateway.call("GET", "/api/grants")).json.grants;
  assert.deepEqual(await grants(), ["web:example.org:8443"]);
  const path = `/api/grants/${encodeURIComponent("web:example.org:8443")}`;
  assert.equal((await gateway.call("DELETE", path)).status, 200);
  assert.deepEqual(await grants(), []);
  const again = await gateway.call("DELETE", path);
  assert.deepEqual([again.status, again.json.error.code], [404, "NOT_FOUND"]);
});

test("approvals are listed for their person and decided once by who may", async () => {
  const approval = {
    id: "apr_9",
    session: "s",
    tool: "run",
    why: "",
    command: "ls",
    expiresAt: 1e15,
  };
  gateway.agent.ask(gateway.kim, approval);
  assert.deepEqual((await gateway.call("GET", "/api/approvals")).json, { approvals: [approval] });
  await gateway.call("POST", "/api/approvals/apr_9", { body: { decision: "allow" } });
  assert.deepEqual(gateway.agent.decisions, [{ id: "apr_9", decision: "allow" }]);
});

test("a gateway that stops takes no more messages and ends its streams", async () => {
  const own = await openTestGateway();
  try {
    const { json } = await own.call("POST", "/api/sessions", { body: {} });
    const response = await fetch(`${own.url}/api/events`, {
      headers: { authorization: `Bearer ${own.keys.kim}` },
    });
    await own.app.stop();
    assert.equal(await response.text(), ":\n\n");
    const late = await own.call("POST", `/api/sessions/${json.id}/messages`, {
      body: { text: "?" },
    });
    assert.deepEqual([late.status, late.json.error.code], [503, "GATEWAY_BUSY"]);
  } finally {
    await own.close();
  }
});

async function* sayUntilStopped(_text: string, signal: AbortSignal): AsyncGenerator<TurnEvent> {
  yield { type: "text", text: "on " };
  await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
  yield usage;
}
