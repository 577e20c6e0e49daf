import assert from "node:assert/strict";
import { test } from "node:test";

import type { MessageAccepted } from "../../../src/protocol/api.ts";
import { ApiFault, Unreachable } from "../wire/api.ts";
import type { Outgoing } from "./outbox.ts";
import { createOutbox } from "./outbox.ts";

type Answer = (message: { text: string; key: string }) => MessageAccepted;

const accept: Answer = ({ key }) => ({ session: "s", turn: "t", message: `msg-${key}` });
const unreachable: Answer = () => {
  throw new Unreachable("gone");
};
const refuse: Answer = () => {
  throw new ApiFault(413, { code: "REQUEST_TOO_LARGE", message: "Too large", fix: "Shorten it" });
};

/** A gateway that answers as told, in order, and then accepts everything. */
function open(answers: Answer[], initial: Outgoing[] = []) {
  const posted: string[] = [];
  const shown = new Set<string>();
  let count = 0;
  const outbox = createOutbox({
    post: async (_, message) => {
      posted.push(`${message.key} ${message.text}`);
      return (answers.shift() ?? accept)(message);
    },
    wait: async () => undefined,
    newKey: () => `key${++count}`,
    isShown: (_, message) => shown.has(message),
    onChange: () => undefined,
    initial,
  });
  const states = () => outbox.list().map(({ text, state }) => `${text} ${state}`);
  return { outbox, posted, shown, states };
}
/** Everything that is on its way without a clock has happened. */
const settled = () => new Promise((resolve) => setImmediate(resolve));

test("images go with their message, come back with it, and outlive a reload", async () => {
  const image = { name: "a.png", mediaType: "image/png", data: "AAAA" } as const;
  const sent: unknown[] = [];
  const refused = open([(message) => (sent.push(message), refuse(message))]);
  refused.outbox.send("s", "Look", [image]);
  await settled();
  assert.deepEqual(sent, [{ text: "Look", images: [image], key: "key1" }]);
  const kept = open([], refused.outbox.list() as Outgoing[]);
  assert.deepEqual(kept.outbox.withdraw("key1"), { text: "Look", images: [image] });
});

test("a message is listed until its event comes", async () => {
  const { outbox, states } = open([]);
  outbox.send("s", "Hi");
  assert.deepEqual(states(), ["Hi sending"]);
  await settled();
  assert.deepEqual(states(), ["Hi sending"]);
  outbox.arrived("s", { id: "msg-key1", text: "Hi" });
  assert.deepEqual(states(), []);
});

test("an event that overtakes the answer of its request takes the message out, once", async () => {
  const { outbox, states } = open([]);
  outbox.send("s", "yes");
  outbox.send("s", "yes");
  outbox.arrived("s", { id: "msg-key1", text: "yes" });
  assert.deepEqual(states(), ["yes sending"]);
});

test("after a cut connection the same key is sent again, until somebody answers", async () => {
  const { outbox, posted, states } = open([unreachable, unreachable]);
  outbox.send("s", "Hi");
  await settled();
  assert.deepEqual(posted, ["key1 Hi", "key1 Hi", "key1 Hi"]);
  assert.deepEqual(states(), ["Hi sending"]);
});

test("messages of one session go out in order: a later one waits for an earlier one", async () => {
  const { outbox, posted } = open([unreachable]);
  outbox.send("s", "one");
  outbox.send("s", "two");
  await settled();
  assert.deepEqual(posted, ["key1 one", "key1 one", "key2 two"]);
});

test("a refused message says why, waits for a person, and holds up no other", async () => {
  const { outbox, posted, states } = open([refuse]);
  outbox.send("s", "long");
  outbox.send("s", "short");
  await settled();
  assert.deepEqual(states(), ["long refused", "short sending"]);
  assert.equal(outbox.list()[0]?.fault?.code, "REQUEST_TOO_LARGE");
  outbox.retry("key1");
  await settled();
  assert.deepEqual(posted, ["key1 long", "key2 short", "key1 long"]);
});

test("a refused message can be taken back", async () => {
  const { outbox, states } = open([refuse]);
  outbox.send("s", "long");
  await settled();
  assert.deepEqual(outbox.withdraw("key1"), { text: "long", images: [] });
  assert.deepEqual(states(), []);
});

test("a message that turns out to be stored already is not listed beside itself", async () => {
  const { outbox, shown, states } = open([]);
  shown.add("msg-key1");
  outbox.send("s", "Hi");
  await settled();
  assert.deepEqual(states(), []);
});

test("settle() forgets what a fetch has brought", async () => {
  const { outbox, shown, states } = open([]);
  outbox.send("s", "Hi");
  await settled();
  shown.add("msg-key1");
  outbox.settle();
  assert.deepEqual(states(), []);
});

test("what a reload interrupted is sent with the key that it had", async () => {
  const { posted } = open([], [{ key: "old1", session: "s", text: "Hi", state: "waiting" }]);
  await settled();
  assert.deepEqual(posted, ["old1 Hi"]);
});

test("a deleted session takes its messages with it", () => {
  const { outbox, states } = open([]);
  outbox.send("s", "Hi");
  outbox.send("other", "Ho");
  outbox.forget("s");
  assert.deepEqual(states(), ["Ho sending"]);
});
