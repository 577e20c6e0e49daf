import assert from "node:assert/strict";
import { test } from "node:test";

import {
  createCountingTools,
  createMemoryWorkspace,
  createStage,
} from "../../test/fakes/agent-stage.ts";
import { createScriptedModel } from "../../test/fakes/scripted-model.ts";

test("a turn streams its text as it comes and ends with done", async () => {
  const { candidate } = createScriptedModel([{ text: ["Hel", "lo", "."] }]);
  const { say, events, messages } = await createStage({ candidates: [candidate] });

  await say("hi");

  assert.deepEqual(
    events().filter(({ type }) => type !== "usage"),
    [
      { type: "text", text: "Hel" },
      { type: "text", text: "lo" },
      { type: "text", text: "." },
      { type: "done", reason: "stop" },
    ],
  );
  assert.deepEqual(await messages(), [
    {
      role: "user",
      text: "hi",
      context:
        "Now: Friday 2025-11-21 11:29 (Europe/Berlin)\nMode: private (no internet)\nPrograms: cannot be run (tests have none)",
    },
    { role: "assistant", text: "Hello.", toolCalls: [] },
  ]);
});

test("a turn runs what the model calls and lets it see the result", async () => {
  const workspace = createMemoryWorkspace();
  const { tools, effects } = createCountingTools(workspace);
  const { candidate, requests } = createScriptedModel([
    {
      text: "I will write it.",
      calls: [{ tool: "write", json: '{"path": "a.txt",  "content":"milk"}' }],
    },
    { text: "Done." },
  ]);
  const { say, messages } = await createStage({ candidates: [candidate], tools, workspace });

  await say("write milk into a.txt");

  assert.deepEqual(effects, ["write a.txt milk"]);
  assert.deepEqual(requests[1]?.messages.slice(1), [
    {
      role: "assistant",
      text: "I will write it.",
      toolCalls: [
        { id: "call_0_0", tool: "write", argumentsJson: '{"path": "a.txt",  "content":"milk"}' },
      ],
    },
    { role: "tool", callId: "call_0_0", tool: "write", text: "Wrote a.txt", ok: true },
  ]);
  assert.equal((await messages()).length, 4);
});
