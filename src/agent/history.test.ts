import assert from "node:assert/strict";
import { test } from "node:test";

import type { Message } from "../protocol/message.ts";
import type { StoredMessage } from "../store/store.ts";
import { createTranscript, entriesUpTo, openCalls } from "./history.ts";

const user = (text: string): Message => ({ role: "user", text });
const said = (text: string): Message => ({ role: "assistant", text, toolCalls: [] });
const called = (...ids: string[]): Message => ({
  role: "assistant",
  text: "",
  toolCalls: ids.map((id) => ({ id, tool: "read", argumentsJson: "{}" })),
});
const result = (callId: string, text = "ok"): Message => {
  return { role: "tool", callId, tool: "read", text, ok: true };
};
const entries = (...messages: Message[]) =>
  messages.map((message, at) => ({ id: `m${at}`, message }));

function transcript(...messages: Message[]): readonly Message[] {
  const made = createTranscript([], 10_000);
  made.push(entries(...messages));
  return made.messages;
}

test("a whole history is sent as it is", () => {
  const whole = [user("a"), called("1", "2"), result("1"), result("2"), said("b"), user("c")];

  assert.deepEqual(transcript(...whole), whole);
});

test("a call that never got a result gets one, before anything else is said", () => {
  assert.deepEqual(
    transcript(user("a"), called("1", "2"), result("2"), user("b")).map(({ role }) => role),
    ["user", "assistant", "tool", "tool", "assistant", "user"],
  );
});

test("a second result of a call, and one of a call that is not there, are not sent", () => {
  const whole = [user("a"), called("1"), result("1")];

  assert.deepEqual(transcript(result("0"), ...whole, result("1", "again")), whole);
});

test("roles take turns even where a turn ended without an answer", () => {
  for (const messages of [
    [user("a"), user("b")],
    [user("a"), called("1"), result("1"), user("b")],
    [user("a"), said("half"), said("whole")],
  ]) {
    const roles = transcript(...messages).map(({ role }) => role);
    for (const [at, role] of roles.entries()) {
      assert.ok(role === "tool" || role !== roles[at - 1], roles.join(" "));
    }
  }
});

test("what was sent is sent again: more history only adds to the end", () => {
  const all = [user("a"), called("1"), user("b"), user("c"), said("d"), called("2"), user("e")];
  for (let length = 1; length < all.length; length++) {
    const before = transcript(...all.slice(0, length));
    // A call at the very end is still running: no request is made then.
    if (openCalls(entries(...all.slice(0, length))).length > 0) continue;
    assert.deepEqual(transcript(...all).slice(0, before.length), before);
  }
});

test("a text that would fill the window is cut in the middle, and says how much is gone", () => {
  const made = createTranscript([], 600);
  made.push(entries(user(`begin ${"한".repeat(1_000)} end`)));
  const text = made.messages[0]?.text ?? "";

  assert.ok(Buffer.byteLength(text) < 700);
  assert.match(
    text,
    /^begin 한+\n\[… \d+ bytes left out here: too long for this model\]\n한+ end$/,
  );
});

test("results of one message share the room", () => {
  const made = createTranscript([], 1_000);
  made.push(
    entries(
      user("a"),
      called("1", "2"),
      result("1", "x".repeat(2_000)),
      result("2", "y".repeat(2_000)),
    ),
  );

  for (const { text } of made.messages.slice(2)) assert.ok(text.length < 600);
});

test("a message that was sent while another turn ran follows that turn", () => {
  const stored = (id: string, turn: string): StoredMessage => {
    return { id, session: "s", turn, at: 0, message: said(id) };
  };
  const all = [stored("u1", "t1"), stored("u2", "t2"), stored("a1", "t1"), stored("a2", "t2")];
  const ids = (turn: string, first?: string) => entriesUpTo(all, turn, first).map(({ id }) => id);

  assert.deepEqual(ids("t1"), ["u1", "a1"]);
  assert.deepEqual(ids("t2"), ["u1", "a1", "u2", "a2"]);
  assert.deepEqual(ids("t2", "a1"), ["a1", "u2", "a2"]);
});
