import assert from "node:assert/strict";
import { test } from "node:test";

import { read } from "../tools/read.ts";
import { checkCall, shownInput } from "./check-call.ts";

const tools = new Map([[read.name, read]]);

test("security: a call nested so deep that it would end the stack is refused, and shown as text", () => {
  const argumentsJson = `{"path":${'{"a":'.repeat(5000)}1${"}".repeat(5000)}}`;
  const call = { id: "c1", tool: "read", argumentsJson };
  for (const cut of [true, false]) {
    const checked = checkCall(call, tools, cut);
    assert.ok("refusal" in checked);
  }
  assert.equal(shownInput(call), argumentsJson);
  const allowed = checkCall({ ...call, argumentsJson: '{"path":"a.txt"}' }, tools, false);
  assert.ok("input" in allowed);
});
