import assert from "node:assert/strict";
import { test } from "node:test";

import type { SessionDetail } from "../../../src/protocol/api.ts";
import type { SessionMessage, TurnEvent } from "../../../src/protocol/event.ts";
import { answerOf, segmentsOf } from "./segments.ts";
import type { Thread } from "./thread.ts";
import { endTurns, foldEvent, foldMessage, isRunning, lastUsage, openThread } from "./thread.ts";

const empty: Thread = { session: "s", cursor: null, turns: [] };
const user = (id: string, turn: string, text = "?"): SessionMessage => ({
  id,
  turn,
  at: 0,
  role: "user",
  text,
});
const assistant = (id: string, text: string, calls: string[] = []): SessionMessage => ({
  id,
  turn: "t",
  at: 0,
  role: "assistant",
  text,
  toolCalls: calls.map((id) => ({ id, tool: "read", input: { path: id } })),
});
const result = (callId: string, text: string, ok = true): SessionMessage => ({
  id: `r-${callId}`,
  turn: "t",
  at: 0,
  role: "tool",
  callId,
  tool: "read",
  ok,
  text,
});
const call = (id: string): TurnEvent => ({
  type: "tool-call",
  id,
  tool: "read",
  input: { path: id },
});
const text = (text: string): TurnEvent => ({ type: "text", text });

const play = (events: (TurnEvent | SessionMessage)[], start = empty): Thread =>
  events.reduce(
    (thread, next) => ("role" in next ? foldMessage(thread, next) : foldEvent(thread, "t", next)),
    start,
  );
/** The rows of the only turn, as "kind key what". */
const rows = (thread: Thread): string[] =>
  thread.turns
    .flatMap(segmentsOf)
    .map((segment) =>
      segment.kind === "step"
        ? `${segment.key} ${segment.step.state} ${segment.step.output}`
        : `${segment.key} ${segment.text}`,
    );

test("a turn with a tool reads the same live, half stored, stored and fetched anew", () => {
  const live = [text("Let me "), text("look."), call("c1")];
  const running = play([user("u", "t"), ...live]);
  assert.deepEqual(rows(running), ["user:0 ?", "text:0 Let me look.", "step:c1 running null"]);

  const stored = play([assistant("a", "Let me look.", ["c1"])], running);
  assert.deepEqual(rows(stored), rows(running));

  const ended: (TurnEvent | SessionMessage)[] = [
    { type: "tool-result", id: "c1", tool: "read", ok: true, output: "hello" },
    result("c1", "hello"),
    text("It says hello."),
    assistant("b", "It says hello."),
    { type: "done", reason: "stop" },
  ];
  const whole = play(ended, stored);
  assert.deepEqual(rows(whole), [
    "user:0 ?",
    "text:0 Let me look.",
    "step:c1 ok hello",
    "text:1 It says hello.",
  ]);

  const messages = whole.turns.flatMap((turn) => turn.messages);
  assert.deepEqual(rows(openThread(detail(messages))), rows(whole));
});

test("what was live when the session was fetched goes on where it was", () => {
  const opened = openThread({
    ...detail([user("u", "t")]),
    live: { turn: "t", events: [text("Hel")] },
  });
  assert.deepEqual(rows(play([text("lo")], opened)), ["user:0 ?", "text:0 Hello"]);
  assert.ok(opened.turns.every(isRunning));
});

test("the same message twice is one", () => {
  const once = play([user("u", "t"), assistant("a", "Hi")]);
  assert.deepEqual(rows(play([user("u", "t"), assistant("a", "Hi")], once)), rows(once));
});

test("a message that waits for its turn stands after the turn that runs", () => {
  let thread = play([user("u1", "t"), text("One")]);
  thread = foldMessage(thread, user("u2", "t2", "next"));
  thread = play([text(" more")], thread);
  assert.deepEqual(rows(thread), ["user:0 ?", "text:0 One more", "user:0 next"]);
});

test("events that overtake their question stand below it", () => {
  assert.deepEqual(rows(play([text("Hi"), user("u", "t")])), ["user:0 ?", "text:0 Hi"]);
});

test("only the turn that changed is another object", () => {
  const before = foldMessage(play([user("u", "t")]), user("u2", "t2"));
  const after = foldEvent(before, "t2", text("Hi"));
  assert.equal(after.turns[0], before.turns[0]);
  assert.notEqual(after.turns[1], before.turns[1]);
});

test("a fault shows at once, and once: its stored notice takes its place", () => {
  const fault = { code: "MODEL_STREAM_CUT", message: "Cut", fix: "Look" };
  const live = play([user("u", "t"), text("Hal"), { type: "failed", ...fault }]);
  assert.deepEqual(rows(live), ["user:0 ?", "text:0 Hal", "notice:0 Cut"]);
  const notice: SessionMessage = {
    id: "n",
    turn: "t",
    at: 0,
    role: "notice",
    code: fault.code,
    text: fault.message,
    fix: fault.fix,
  };
  const stored = play([assistant("a", "Hal"), notice], live);
  assert.deepEqual(rows(stored), ["user:0 ?", "text:0 Hal", "notice:0 Cut"]);
  assert.ok(!stored.turns.some(isRunning));
});

test("a note that outlives its turn is not shown twice", () => {
  const note = { code: "MODEL_SWITCHED", text: "Another model answers" };
  const stored: SessionMessage = { id: "n", turn: "t", at: 0, role: "notice", ...note };
  const thread = play([{ type: "note", ...note }, text("Hi"), stored]);
  assert.deepEqual(rows(thread).toSorted(), ["notice:0 Another model answers", "text:0 Hi"]);
});

test("waiting ends with the first thing that comes", () => {
  const waiting = play([{ type: "waiting", on: "model", text: "reading 9,200 tokens" }]);
  assert.equal(waiting.turns[0]?.live?.waiting, "reading 9,200 tokens");
  assert.equal(play([text("Hi")], waiting).turns[0]?.live?.waiting, null);
});

test("a turn asks until it is answered or over", () => {
  const approval = { id: "p", session: "s", tool: "run", why: "", command: "", expiresAt: 0 };
  const asking = play([{ type: "approval", approval }]);
  assert.deepEqual(asking.turns[0]?.live?.asking, ["p"]);
  const decided = play([{ type: "approval-decided", id: "p", decision: "deny" }], asking);
  assert.deepEqual(decided.turns[0]?.live?.asking, []);
  assert.deepEqual(endTurns(asking).turns[0]?.live?.asking, []);
});

test("a call without a result is running while its turn is, and cut afterwards", () => {
  const running = play([user("u", "t"), call("c1")]);
  assert.deepEqual(rows(running).slice(1), ["step:c1 running null"]);
  assert.deepEqual(rows(endTurns(running)).slice(1), ["step:c1 cut null"]);
  const fetched = openThread(detail([user("u", "t"), assistant("a", "", ["c1"])]));
  assert.deepEqual(rows(fetched).slice(1), ["step:c1 cut null"]);
});

test("the context is as full as the newest request says; what was written adds up", () => {
  const usage = (inputTokens: number, outputTokens: number): TurnEvent => ({
    type: "usage",
    inputTokens,
    outputTokens,
    contextTokens: 8192,
  });
  const thread = play([usage(100, 5), usage(120, 7)]);
  assert.equal(lastUsage(thread)?.inputTokens, 120);
  assert.equal(thread.turns[0]?.usage?.written, 12);
});

test("thinking streams until something else follows", () => {
  const streaming = (thread: Thread) =>
    thread.turns.flatMap(segmentsOf).find(({ kind }) => kind === "reasoning");
  const thinking = play([{ type: "reasoning", text: "Hm" }]);
  assert.partialDeepStrictEqual(streaming(thinking), { streaming: true });
  assert.partialDeepStrictEqual(streaming(play([text("Ah")], thinking)), { streaming: false });
});

test("blank text between two calls makes no row", () => {
  assert.deepEqual(rows(play([call("a"), text("\n\n"), call("b")])).length, 2);
});

test("the answer is what the model said, without steps and thoughts", () => {
  const thread = play([{ type: "reasoning", text: "Hm" }, text("One."), call("c"), text("Two.")]);
  assert.deepEqual(thread.turns.map(answerOf), ["One.\n\nTwo."]);
});

function detail(messages: SessionMessage[]): SessionDetail {
  const session = { id: "s", title: "", createdAt: 0, updatedAt: 0, busy: false };
  return { session, messages, live: null, cursor: "e:1" };
}
