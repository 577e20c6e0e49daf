import assert from "node:assert/strict";
import { test } from "node:test";

import { messageOf, turnOf } from "../store/store.conformance.ts";
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
