import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";

import { sayHello, usage } from "../../../test/fakes/agent.ts";
import { openTestGateway, type TestGateway } from "../../../test/fakes/gateway.ts";
import type { TurnEvent } from "../../protocol/event.ts";

let gateway: TestGateway;
let aborted = Promise.withResolvers<void>();

before(async () => {
  gateway = await openTestGateway();
});
after(() => gateway.close());
beforeEach(() => {
  gateway.agent.script = sayHello;
  gateway.agent.heard.length = 0;
  aborted = Promise.withResolvers<void>();
});

const hello = [{ role: "user", content: "hello" }];
const post = (body: object, more: { as?: string; headers?: Record<string, string> } = {}) =>
  gateway.call("POST", "/v1/chat/completions", { body: { messages: hello, ...body }, ...more });

test("X-Isopod-Session keeps a conversation under the client's name, and takes the last message only", async () => {
  const headers = { "x-isopod-session": "notes" };
  const first = await post({ model: "isopod/main", stream: true }, { headers });
  assert.match(first.text, /Hello[^]*\[DONE\]/);
  const messages = [
    ...hello,
    { role: "assistant", content: "?" },
    { role: "user", content: "two" },
  ];
  const second = await post({ messages }, { headers });
  assert.equal(second.json.choices[0].message.content, "Hello there");
  assert.deepEqual(
    gateway.agent.heard.map(({ text, attended }) => [text, attended]),
    [
      ["hello", false],
      ["two", false],
    ],
  );
  const { sessions } = (await gateway.call("GET", "/api/sessions")).json;
  const named = sessions.filter(({ title }: { title: string }) => title === "notes");
  assert.equal(named.length, 1);
  const byId = await post({ messages }, { headers: { "x-isopod-session": named[0].id } });
  assert.equal(byId.status, 200);
  assert.equal((await gateway.call("GET", `/api/sessions/${named[0].id}`)).json.messages.length, 6);
});

test("security: the same session name of two people is two sessions, and an id of another is none", async () => {
  const headers = { "x-isopod-session": "shared" };
  await post({}, { headers });
  await post({}, { headers, as: gateway.keys.lee });
  const list = async (as: string) =>
    (await gateway.call("GET", "/api/sessions", { as })).json.sessions.filter(
      ({ title }: { title: string }) => title === "shared",
    );
  const [mine, hers] = [await list(gateway.keys.kim), await list(gateway.keys.lee)];
  assert.deepEqual([mine.length, hers.length], [1, 1]);
  assert.notEqual(mine[0].id, hers[0].id);
  const stolen = await post(
    {},
    { as: gateway.keys.lee, headers: { "x-isopod-session": mine[0].id } },
  );
  assert.equal(stolen.status, 404);
  for (const name of ["", "a\tb", "x".repeat(101), "é"]) {
    const { status } = await post({}, { headers: { "x-isopod-session": encodeURI(name) } });
    assert.equal(status, 400, name);
  }
});

test("a hang-up ends the turn of a stored session", async () => {
  const begun = Promise.withResolvers<void>();
  gateway.agent.script = async function* (_text, signal): AsyncGenerator<TurnEvent> {
    yield { type: "text", text: "on" };
    begun.resolve();
    await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
    aborted.resolve();
    yield usage;
  };
  const hangUp = new AbortController();
  const request = fetch(`${gateway.url}/v1/chat/completions`, {
    method: "POST",
    headers: {
      authorization: `Bearer ${gateway.keys.kim}`,
      "content-type": "application/json",
      "x-isopod-session": "cut",
    },
    body: JSON.stringify({ stream: true, messages: hello }),
    signal: hangUp.signal,
  }).then((response) => response.text());
  request.catch(() => {});
  await begun.promise;
  hangUp.abort();
  await aborted.promise;
  await assert.rejects(request);
});
