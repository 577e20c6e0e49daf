import assert from "node:assert/strict";
import { test } from "node:test";

import type { SessionSummary } from "../../../src/protocol/event.ts";
import { groupSessions, withoutSession, withSession } from "./sessions.ts";

const session = (id: string, updatedAt: number): SessionSummary => ({
  id,
  title: id,
  createdAt: 0,
  updatedAt,
  busy: false,
});
const ids = (sessions: readonly SessionSummary[]) => sessions.map(({ id }) => id);

test("the newest session comes first, and a changed one moves up", () => {
  const list = withSession(withSession([], session("a", 1)), session("b", 2));
  assert.deepEqual(ids(list), ["b", "a"]);
  assert.deepEqual(ids(withSession(list, session("a", 3))), ["a", "b"]);
  assert.deepEqual(ids(withoutSession(list, "b")), ["a"]);
});

test("groups follow the calendar: last night was yesterday", () => {
  const at = (day: number, hour: number) => new Date(2026, 10, day, hour).getTime();
  const list = [
    session("now", at(21, 8)),
    session("last night", at(20, 23)),
    session("monday", at(16, 9)),
    session("long ago", at(1, 9)),
  ];
  assert.deepEqual(
    groupSessions(list, new Date(2026, 10, 21, 9)).map(({ age, sessions }) => [
      age,
      ...ids(sessions),
    ]),
    [
      ["today", "now"],
      ["yesterday", "last night"],
      ["week", "monday"],
      ["older", "long ago"],
    ],
  );
});
