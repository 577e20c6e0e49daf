import assert from "node:assert/strict";
import { test } from "node:test";

import type { Message } from "../../protocol/message.ts";
import { createOpenAiEncoder } from "../openai-request.ts";
import type { Compat } from "../settings.ts";

const HISTORY: Message[] = [
  { role: "user", text: "Read it" },
  {
    role: "assistant",
    text: "",
    reasoning: "A file.",
    toolCalls: [{ id: "c1", tool: "read", argumentsJson: '{"path": "a.txt"}' }],
  },
  { role: "tool", callId: "c1", tool: "read", text: "hello", ok: true },
  { role: "user", text: "And now?" },
];

/** The body for one model with these flags, as the server reads it. */
function sent(compat: Compat, params: Record<string, unknown> = {}) {
  const text = createOpenAiEncoder(
    {},
    compat,
  )({
    model: "m",
    system: "",
    tools: [{ name: "read", description: "", schema: { type: "object", pattern: "^a" } }],
    messages: HISTORY,
    contextTokens: 8192,
    maxTokens: 100,
    params,
  });
  return { text, body: JSON.parse(text) as Body };
}

type Body = Record<string, unknown> & { messages: Record<string, unknown>[] };

test("without flags a body is what most servers of the dialect read", () => {
  const { body } = sent({});
  assert.deepEqual(
    body.messages.map(({ role }) => role),
    ["user", "assistant", "tool", "user"],
  );
  assert.deepEqual(body["stream_options"], { include_usage: true });
  assert.equal(body["max_tokens"], 100);
});

test("requiresToolResultName names the tool beside its result", () => {
  assert.equal(sent({ requiresToolResultName: true }).body.messages[2]?.["name"], "read");
  assert.ok(!("name" in (sent({}).body.messages[2] ?? {})));
});

test("requiresAssistantAfterToolResult answers a result before the next question, and the prefix stays", () => {
  const compat = { requiresAssistantAfterToolResult: true };
  const roles = sent(compat).body.messages.map(({ role }) => role);
  assert.deepEqual(roles, ["user", "assistant", "tool", "assistant", "user"]);
  const encode = createOpenAiEncoder({}, compat);
  const rest = { model: "m", system: "", tools: [], contextTokens: 8192 };
  const before = encode({ ...rest, messages: HISTORY.slice(0, 3) });
  const after = encode({ ...rest, messages: HISTORY });
  assert.ok(after.startsWith(before.slice(0, -2)), "what was sent is sent again");
});

test("requiresThinkingAsText sends earlier reasoning as part of the text", () => {
  const [, answer] = sent({ requiresThinkingAsText: true }).body.messages;
  assert.equal(answer?.["content"], "<think>A file.</think>\n");
});

test("toolCallArgumentsEncoding object sends the arguments' own bytes as an object", () => {
  const { text } = sent({ toolCallArgumentsEncoding: "object" });
  assert.ok(text.includes('"arguments":{"path": "a.txt"}'));
  assert.ok(sent({}).text.includes('"arguments":"{\\"path\\": \\"a.txt\\"}"'));
});

test("toolSchemaProfile and unsupportedToolSchemaKeywords clean the schemas", () => {
  assert.ok(sent({}).text.includes("^a"));
  assert.ok(!sent({ toolSchemaProfile: "llamacpp" }).text.includes("^a"));
  assert.ok(!sent({ unsupportedToolSchemaKeywords: ["pattern"] }).text.includes("^a"));
});

test("what a server refuses is not sent: usage while streaming, a temperature, an effort", () => {
  assert.ok(!("stream_options" in sent({ supportsUsageInStreaming: false }).body));
  const params = { temperature: 0.5, think: "high" };
  assert.equal(sent({}, params).body["temperature"], 0.5);
  assert.ok(!("temperature" in sent({ supportsTemperature: false }, params).body));
  assert.equal(sent({}, params).body["reasoning_effort"], "high");
  assert.ok(!("reasoning_effort" in sent({ supportsReasoningEffort: false }, params).body));
});

test("maxTokensField, tool_choice and requiresStringContent are taken to the wire", () => {
  const { body } = sent({
    maxTokensField: "max_completion_tokens",
    tool_choice: "required",
    requiresStringContent: true,
  });
  assert.equal(body["max_completion_tokens"], 100);
  assert.equal(body["tool_choice"], "required");
  assert.equal(body.messages[1]?.["content"], "");
});

test("strictMessageKeys sends role and content alone", () => {
  for (const message of sent({ strictMessageKeys: true }).body.messages) {
    assert.deepEqual(Object.keys(message), ["role", "content"]);
  }
});
