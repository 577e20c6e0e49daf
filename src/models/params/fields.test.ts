import assert from "node:assert/strict";
import { test } from "node:test";

import { modelsSetting } from "../settings.ts";
import {
  extraOf,
  outputLimit,
  toChatFields,
  toMessagesFields,
  toOllamaFields,
  toResponsesFields,
} from "./fields.ts";
import { PARAMS } from "./table.ts";

/** One value for each parameter that the guide for local models names, and what each server is sent. */
const GUIDE = {
  temperature: 0.7,
  top_p: 0.9,
  top_k: 40,
  min_p: 0,
  num_ctx: 32_768,
  num_predict: -1,
  num_batch: 512,
  num_thread: 8,
  use_mmap: true,
  keep_alive: "-1",
  seed: 7,
  stop: ["END"],
};

test("Ollama is sent every parameter of the guide where it reads it", () => {
  const { num_ctx: _, keep_alive: __, ...options } = GUIDE;
  assert.deepEqual(toOllamaFields(GUIDE), { options, top: { keep_alive: -1 } });
});

test("a server of OpenAI's dialect is sent what it reads, and not what it takes at its start", () => {
  assert.deepEqual(toChatFields(GUIDE, {}), {
    temperature: 0.7,
    top_p: 0.9,
    top_k: 40,
    min_p: 0,
    seed: 7,
    stop: ["END"],
  });
});

test("Responses and Messages get the few that their references have", () => {
  assert.deepEqual(toResponsesFields(GUIDE), { temperature: 0.7, top_p: 0.9 });
  assert.deepEqual(toMessagesFields(GUIDE), {
    temperature: 0.7,
    top_p: 0.9,
    top_k: 40,
    stop_sequences: ["END"],
  });
});

test("a product's own name for a field is used", () => {
  const renames = { repeat_penalty: "repetition_penalty" };
  assert.deepEqual(toChatFields({ repeat_penalty: 1.1 }, {}, renames), { repetition_penalty: 1.1 });
});

test("names of other programs mean the same, and a parameter's own name wins over them", () => {
  assert.deepEqual(toOllamaFields({ topK: 20, numCtx: 4096 }).options, { top_k: 20 });
  assert.deepEqual(toOllamaFields({ top_k: 1, topK: 20 }).options, { top_k: 1 });
  assert.deepEqual(toOllamaFields({ topK: 20, top_k: 1 }).options, { top_k: 1 });
  assert.deepEqual(extraOf({ extraBody: { a: 1 } }), { a: 1 });
});

test("num_predict limits the answer of every dialect, and -1 does not", () => {
  assert.equal(outputLimit({ num_predict: 512 }), 512);
  assert.equal(outputLimit({ max_tokens: "512" }), 512);
  assert.equal(outputLimit({ num_predict: -1 }), undefined);
  assert.equal(outputLimit(undefined), undefined);
});

test("a value that is not what it must be is not sent", () => {
  assert.deepEqual(toOllamaFields({ temperature: "hot", top_p: 2, keep_alive: "soon" }), {
    options: {},
    top: {},
  });
});

test("thinking is asked for in the way of each server", () => {
  const chat = (think: unknown, compat = {}) => toChatFields({ think }, compat);
  assert.deepEqual(toOllamaFields({ thinking: false }).top, { think: false });
  assert.deepEqual(toOllamaFields({ think: "minimal" }).top, { think: "low" });
  assert.deepEqual(chat("high"), { reasoning_effort: "high" });
  assert.deepEqual(chat(true), {}, "how hard is the server's to choose");
  assert.deepEqual(chat(false, { thinkingFormat: "qwen" }), { enable_thinking: false });
  assert.deepEqual(chat("low", { thinkingFormat: "qwen-chat-template" }), {
    chat_template_kwargs: { enable_thinking: true },
  });
  assert.deepEqual(chat("low", { thinkingFormat: "deepseek" }), {
    thinking: { type: "enabled" },
    reasoning_effort: "low",
  });
  assert.deepEqual(chat(false, { thinkingFormat: "openrouter" }), {
    reasoning: { enabled: false },
  });
  assert.deepEqual(toResponsesFields({ think: "low" }), { reasoning: { effort: "low" } });
});

test("the words for how hard are the server's, and those it lacks become its nearest", () => {
  const compat = { supportedReasoningEfforts: ["low", "medium", "high"] };
  const effort = (think: string, more = {}) =>
    toChatFields({ think }, { ...compat, ...more })["reasoning_effort"];
  assert.equal(effort("medium"), "medium");
  assert.equal(effort("max"), "high");
  assert.equal(effort("minimal"), "low");
  assert.equal(effort("max", { reasoningEffortMap: { max: "medium" } }), "medium");
  assert.equal(effort("high", { supportsReasoningEffort: false }), undefined);
});

test("what config says of the template wins over what thinking makes of it", () => {
  const params = { think: false, chat_template_kwargs: { enable_thinking: true, x: 1 } };
  assert.deepEqual(toChatFields(params, { thinkingFormat: "qwen-chat-template" }), {
    chat_template_kwargs: { enable_thinking: true, x: 1 },
  });
});

test("a wrong value in the config names the field and what it may be", () => {
  const issueOf = (params: object) =>
    modelsSetting.schema.safeParse({ providers: { a: { params } } }).error?.issues[0];
  assert.deepEqual(issueOf({ top_p: 90 })?.path, ["providers", "a", "params", "top_p"]);
  assert.equal(issueOf({ top_p: 90 })?.message, "a number from 0 to 1");
  assert.match(issueOf({ keep_alive: "for ever" })?.message ?? "", /"10m", or -1/);
  assert.equal(issueOf({ temperature: "0.7", num_thread: 4, unheard_of: [] }), undefined);
});

test("every parameter reaches some server, or is settled elsewhere", () => {
  const settled = ["num_ctx", "think", "extra_body"];
  for (const [name, row] of Object.entries(PARAMS)) {
    const sent = row.ollama ?? row.chat ?? row.responses ?? row.messages;
    assert.ok(sent !== undefined || settled.includes(name), name);
  }
});
