import assert from "node:assert/strict";
import { test } from "node:test";

import { systemClock } from "../../base/clock.ts";
import { attended } from "./attended.ts";
import { chatRequest, collect } from "../provider.conformance.ts";
import type { ChatEvent, ChatRequest, Provider } from "../provider.ts";
import { createScheduler } from "./scheduler.ts";
import { toTimeouts } from "../timeouts.ts";

const DONE: ChatEvent = {
  type: "done",
  reason: "stop",
  usage: { inputTokens: 0, outputTokens: 0 },
};

/** A provider whose chats end when they are let go, by the name of their model. */
function createServer(maxConcurrent: number) {
  const begun: string[] = [];
  const gates = new Map<string, () => void>();
  const provider: Provider = {
    id: "one",
    baseUrl: "",
    listModels: () => Promise.resolve([]),
    async *chat({ model }) {
      begun.push(model);
      await new Promise<void>((resolve) => gates.set(model, resolve));
      yield DONE;
    },
  };
  const scheduler = createScheduler(maxConcurrent);
  const scheduled = attended(provider, {
    scheduler,
    timeouts: toTimeouts(),
    clock: systemClock,
    onEnd() {},
  });
  return {
    begun,
    scheduler,
    scheduled,
    start(model: string, priority?: ChatRequest["priority"], signal?: AbortSignal) {
      const chat = collect(
        scheduled,
        chatRequest({ model, ...(priority && { priority }) }),
        signal,
      );
      chat.catch(() => undefined); // looked at by those tests that expect it
      return chat;
    },
    async finish(model: string) {
      gates.get(model)?.();
      await settle();
    },
  };
}

const settle = () => new Promise<void>((resolve) => setImmediate(resolve));

test("no more chats run at once than the server takes", async () => {
  const server = createServer(2);
  for (const name of ["a", "b", "c"]) void server.start(name);
  await settle();
  assert.deepEqual(server.begun, ["a", "b"]);

  await server.finish("a");
  assert.deepEqual(server.begun, ["a", "b", "c"]);
});

test("people go before machines, and within each the first goes first", async () => {
  const server = createServer(1);
  void server.start("running");
  void server.start("job 1", "machine");
  void server.start("job 2", "machine");
  void server.start("person 1", "person");
  void server.start("person 2");
  await settle();
  for (const name of ["running", "person 1", "person 2", "job 1"]) await server.finish(name);

  assert.deepEqual(server.begun, ["running", "person 1", "person 2", "job 1", "job 2"]);
});

test("who waits is told so", async () => {
  const server = createServer(1);
  void server.start("running");
  await settle();
  const chat = server.start("next");
  await settle();
  await server.finish("running");
  await server.finish("next");

  assert.deepEqual((await chat)[0], {
    type: "progress",
    on: "queue",
    text: 'waiting for "one", 1 in line',
  });
});

test("an abort in the queue throws the signal's reason and leaves the queue", async () => {
  const server = createServer(1);
  void server.start("running");
  await settle();
  const stop = new AbortController();
  const chat = server.start("next", "person", stop.signal);
  await settle();
  const reason = new Error("stop was pressed");
  stop.abort(reason);

  await assert.rejects(chat, reason);
  assert.equal(server.scheduler.waiting, 0);
  await server.finish("running");
  assert.deepEqual(server.begun, ["running"]);
});

test("a chat that ends badly, or whose reader leaves, gives its place to the next", async () => {
  const server = createServer(1);
  void server.start("running");
  await settle();
  const chat = server.scheduled.chat(chatRequest({ model: "left" }), new AbortController().signal);
  const iterator = chat[Symbol.asyncIterator]();
  await iterator.next(); // "waiting"
  await iterator.return?.();
  void server.start("after");
  await settle();
  await server.finish("running");

  assert.deepEqual(server.begun, ["running", "after"]);
});
