import assert from "node:assert/strict";
import { test } from "node:test";

import { messageOf, turnOf } from "../store/examples.ts";
import type { Session, StoredMessage } from "../store/store.ts";
import { toHistory, toSessionMessage } from "./history.ts";

const session: Session = { id: "ses_1", owner: "kim", title: "", createdAt: 1, updatedAt: 1 };

test("a message is shown without what only the model is told", () => {
  const stored: StoredMessage = {
    ...messageOf(turnOf(session)),
    message: { role: "user", text: "hello", context: "It is Monday" },
  };
  assert.doesNotMatch(JSON.stringify(toSessionMessage(stored)), /Monday/);
});

test("arguments are shown parsed, or as the model wrote them where they are no JSON", () => {
  const shown = toSessionMessage({
    ...messageOf(turnOf(session)),
    message: {
      role: "assistant",
      text: "",
      toolCalls: [
        { id: "a", tool: "read", argumentsJson: '{"path":"x"}' },
        { id: "b", tool: "read", argumentsJson: "{path" },
      ],
    },
  });
  assert.deepEqual(shown.role === "assistant" && shown.toolCalls, [
    { id: "a", tool: "read", input: { path: "x" } },
    { id: "b", tool: "read", input: "{path" },
  ]);
});

test("what was noted in a turn stands before the message that came after it", () => {
  const turn = turnOf(session, {
    state: "done",
    notes: [
      { code: "MODEL_SWITCHED", text: "another answers", at: 5 },
      { code: "LATE", text: "at the end", at: 9 },
    ],
  });
  const stored = [1, 7].map((at) => ({ ...messageOf(turn), at }));
  assert.deepEqual(
    toHistory(stored, [turn]).map((message) =>
      message.role === "notice" ? message.code : message.role,
    ),
    ["user", "MODEL_SWITCHED", "user", "LATE"],
  );
});

test("a turn that failed or was stopped leaves a notice after its last message", () => {
  const failed = turnOf(session, {
    state: "failed",
    fault: { code: "MODEL_NONE", message: "No model", fix: "Get one" },
  });
  const stopped = turnOf(session, { state: "stopped" });
  const done = turnOf(session, { state: "done" });
  const stored = [messageOf(failed), messageOf(failed), messageOf(stopped), messageOf(done)];
  assert.deepEqual(
    toHistory(stored, [failed, stopped, done]).map((message) =>
      message.role === "notice" ? message.code : message.role,
    ),
    ["user", "user", "MODEL_NONE", "user", "TURN_STOPPED", "user"],
  );
});
