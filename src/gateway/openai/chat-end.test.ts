import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";

import { sayHello } from "../../../test/fakes/agent.ts";
import { openTestGateway, type TestGateway } from "../../../test/fakes/gateway.ts";
import type { ChatEvent, ChatRequest } from "../../models/provider.ts";

let gateway: TestGateway;
/** What the model does next. */
let chat: (request: ChatRequest, signal: AbortSignal) => AsyncIterable<ChatEvent>;
let aborted = Promise.withResolvers<void>();

before(async () => {
  gateway = await openTestGateway({
    chat: (request, signal) => {
      signal.addEventListener("abort", () => aborted.resolve(), { once: true });
      return chat(request, signal);
    },
  });
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

test("a client that hangs up ends the model's work, streamed or not", async () => {
  for (const streamed of [true, false]) {
    aborted = Promise.withResolvers<void>();
    const begun = Promise.withResolvers<void>();
    chat = async function* (_request, signal) {
      yield { type: "text", text: "on" };
      begun.resolve();
      await new Promise((_, reject) =>
        signal.addEventListener("abort", () => reject(signal.reason), { once: true }),
      );
    };
    const hangUp = new AbortController();
    const request = fetch(`${gateway.url}/v1/chat/completions`, {
      method: "POST",
      headers: {
        authorization: `Bearer ${gateway.keys.kim}`,
        "content-type": "application/json",
      },
      body: JSON.stringify({ model: "fake/model", stream: streamed, messages: hello }),
      signal: hangUp.signal,
    }).then((response) => response.text());
    request.catch(() => {});
    await begun.promise;
    hangUp.abort();
    await aborted.promise;
    await assert.rejects(request);
  }
});

test("security: revoking a key ends the chats that it began", async () => {
  const { key, id } = await gateway.keyOf("kim", ["chat"]);
  const begun = Promise.withResolvers<void>();
  chat = async function* (_request, signal) {
    yield { type: "text", text: "on" };
    begun.resolve();
    await new Promise((_, reject) =>
      signal.addEventListener("abort", () => reject(signal.reason), { once: true }),
    );
  };
  const answer = post({ model: "fake/model", stream: true }, { as: key });
  await begun.promise;
  await gateway.call("DELETE", `/api/keys/${id}`);
  await aborted.promise;
  assert.match((await answer).text, /AUTH_REFUSED/);
});

test("a client that does not read stops the model, not the gateway", async () => {
  let made = 0;
  chat = async function* (_request, signal) {
    for (; made < 5000 && !signal.aborted; made += 1) {
      yield { type: "text", text: "x".repeat(10_000) };
    }
  };
  const hangUp = new AbortController();
  const response = await fetch(`${gateway.url}/v1/chat/completions`, {
    method: "POST",
    headers: { authorization: `Bearer ${gateway.keys.kim}`, "content-type": "application/json" },
    body: JSON.stringify({ model: "fake/model", stream: true, messages: hello }),
    signal: hangUp.signal,
  });
  let before = -1;
  while (made !== before) {
    before = made;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  assert.ok(made < 5000, "all of 50 MB were made for nobody");
  hangUp.abort();
  await aborted.promise;
  await assert.rejects(response.text());
});

test("chats are counted by what answered and how they ended", async () => {
  const { chats, runningChats } = gateway.metrics.read();
  assert.equal(runningChats, 0);
  for (const row of ["model aborted"]) {
    assert.ok((chats.get(row)?.count ?? 0) > 0, row);
  }
});
