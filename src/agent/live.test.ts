import assert from "node:assert/strict";
import { test } from "node:test";

import type { TurnEvent } from "../protocol/event.ts";
import { createLive } from "./live.ts";

const text = (text: string): TurnEvent => ({ type: "text", text });
const approval: TurnEvent = {
  type: "approval",
  approval: { id: "apr_1", session: "s", tool: "run", why: "", command: "ls", expiresAt: 0 },
};

function liveWith(...events: TurnEvent[]) {
  const live = createLive();
  events.forEach(live.add);
  return live;
}

test("text and reasoning are joined, each with its own kind", () => {
  const reasoning: TurnEvent = { type: "reasoning", text: "hm" };

  assert.deepEqual(liveWith(reasoning, reasoning, text("a"), text("b")).events(), [
    { type: "reasoning", text: "hmhm" },
    text("ab"),
  ]);
});

test("the events that were handed in stay as they were", () => {
  const first = text("a");
  liveWith(first, text("b"));

  assert.deepEqual(first, text("a"));
});

test("what is stored goes, what came after the mark stays", () => {
  const live = liveWith(text("stored"));
  const stored = live.mark();
  live.add(text("new"));
  stored();

  assert.deepEqual(live.events(), [text("new")]);
});

test("what was waited for ends the waiting", () => {
  const waiting: TurnEvent = { type: "waiting", on: "model", text: "loading" };

  assert.deepEqual(liveWith(waiting, { ...waiting, text: "reading" }, text("a")).events(), [
    text("a"),
  ]);
});

test("a question stays until it is answered, a note until the end", () => {
  const note: TurnEvent = { type: "note", code: "X", text: "x" };
  const live = liveWith(note, approval);
  live.mark()();
  assert.deepEqual(live.events(), [note, approval]);

  live.add({ type: "approval-decided", id: "apr_1", decision: "allow" });
  assert.deepEqual(live.events(), [note]);
});
