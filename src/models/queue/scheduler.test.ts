import assert from "node:assert/strict";
import { test } from "node:test";

import { createFakeClock } from "../../../test/fakes/clock.ts";
import { systemClock } from "../../base/clock.ts";
import { attended } from "./attended.ts";
import { chatRequest, collect } from "../provider.conformance.ts";
import type { ChatEvent, ChatRequest, Provider } from "../provider.ts";
import { createScheduler } from "./scheduler.ts";
import type { Ear } from "../watch.ts";
import { toTimeouts } from "../timeouts.ts";

const DONE: ChatEvent = {
  type: "done",
  reason: "stop",
  usage: { inputTokens: 0, outputTokens: 0 },
};

/** A provider whose chats end when they are let go, by the name of their model. */
function createServer(maxConcurrent: number) {
  const begun: string[] = [];
  const ended: (string | undefined)[] = [];
  const gates = new Map<string, () => void>();
  const provider: Provider = {
    id: "one",
    baseUrl: "",
    listModels: () => Promise.resolve([]),
    async *chat({ model }, signal) {
      begun.push(model);
      if (model === "job") yield { type: "text", text: model };
      await new Promise<void>((resolve, reject) => {
        gates.set(model, resolve);
        signal.addEventListener("abort", () => reject(signal.reason), { once: true });
      });
      yield DONE;
    },
  };
  const scheduler = createScheduler(systemClock, maxConcurrent);
  /** Requests that were begun and are not over, as the books see them. */
  const open = { count: 0 };
  const ear: Ear = {
    begins() {
      open.count += 1;
      return () => void (open.count -= 1);
    },
    sends: () => undefined,
    ends: () => {},
  };
  const scheduled = attended(provider, {
    ear,
    scheduler,
    timeouts: toTimeouts(),
    clock: systemClock,
    onEnd: (fault) => void ended.push(fault?.code),
  });
  return {
    begun,
    ended,
    open,
    scheduler,
    scheduled,
    start(
      model: string,
      priority: ChatRequest["priority"] = "person",
      signal?: AbortSignal,
      live = false,
    ) {
      const chat = collect(scheduled, chatRequest({ model, priority, live }), signal);
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

test("people go before programs, those before the background, and within each the first goes first", async () => {
  const server = createServer(1);
  void server.start("running");
  void server.start("job 1", "background");
  void server.start("program", "api");
  void server.start("job 2", "background");
  void server.start("person 1", "person");
  void server.start("person 2");
  await settle();
  const order = ["running", "person 1", "person 2", "program", "job 1", "job 2"];
  for (const name of order.slice(0, -1)) await server.finish(name);

  assert.deepEqual(server.begun, order);
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
    text: 'waiting for "one": place 1 of 1',
    position: 1,
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
  assert.deepEqual(server.scheduler.state.waiting, { person: 0, api: 0, background: 0 });
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

test("work in the background gives way to a person, and is begun anew without a word being doubled", async () => {
  const server = createServer(1);
  const job = server.start("job", "background");
  await settle();
  const person = server.start("person");
  await settle();
  assert.deepEqual(server.begun, ["job", "person"]);
  assert.equal((await Promise.race([job, "still held"])) as unknown, "still held");

  await server.finish("person");
  await person;
  assert.deepEqual(server.begun, ["job", "person", "job"]);
  await server.finish("job");
  const events = await job;
  assert.deepEqual(
    events.filter(({ type }) => type !== "progress"),
    [{ type: "text", text: "job" }, DONE],
  );
  assert.deepEqual(server.ended, [undefined, undefined]); // to give way is no failure of the server
});

test("who listens live in the background is told that a person needs the place", async () => {
  const server = createServer(1);
  const job = server.start("job", "background", undefined, true);
  await settle();
  void server.start("person");

  await assert.rejects(job, { code: "MODEL_GAVE_WAY" });
  await settle();
  assert.deepEqual(server.begun, ["job", "person"]);
});

test("a program over /v1 is not stopped for a person", async () => {
  const server = createServer(1);
  const program = server.start("program", "api");
  await settle();
  void server.start("person");
  await settle();
  await server.finish("program");

  assert.deepEqual((await program).at(-1), DONE);
});

test("a request is over for the books however it ends: well, stopped while it runs, or while it waits", async () => {
  const server = createServer(1);
  const [running, waiting] = [new AbortController(), new AbortController()];
  void server.start("a", "person", running.signal);
  void server.start("b", "person", waiting.signal);
  void server.start("c");
  await settle();
  assert.equal(server.open.count, 3);
  waiting.abort("gone");
  running.abort("stopped");
  await settle();
  assert.equal(server.open.count, 1);
  await server.finish("c");
  assert.equal(server.open.count, 0);
});

test("what gave way three times is let finish", async () => {
  const server = createServer(1);
  void server.start("job", "background");
  await settle();
  for (const name of ["p1", "p2", "p3"]) {
    void server.start(name);
    await settle();
    await server.finish(name);
  }
  void server.start("p4");
  await settle();
  assert.deepEqual(server.begun, ["job", "p1", "job", "p2", "job", "p3", "job"]);
  await server.finish("job");
  assert.equal(server.begun.at(-1), "p4");
});

test("who waits hears of each step ahead, and of the time once something was measured", async () => {
  const clock = createFakeClock();
  const scheduler = createScheduler(clock, 1);
  const first = scheduler.take(scheduler.join({ priority: "person", model: "a" }));
  await clock.advance(20_000);
  const [second, third] = ["a", "a"].map((model) => scheduler.join({ priority: "person", model }));
  assert.ok(first && second && third);
  const places = [second, third].map((entry) =>
    scheduler.wait(entry, new AbortController().signal),
  );
  assert.deepEqual(scheduler.placeOf(third), { position: 2, length: 2, seconds: undefined });
  first.leave();
  await places[0];

  assert.deepEqual(scheduler.placeOf(third), { position: 1, length: 1, seconds: 20 });
  assert.equal(scheduler.state.seconds, 40);
});
