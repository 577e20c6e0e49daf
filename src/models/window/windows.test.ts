import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";

import { createManualClock, type ManualClock } from "../../../test/fakes/agent-stage.ts";
import {
  type CachingOptions,
  type CachingServer,
  startCachingServer,
} from "../../../test/fakes/caching-server.ts";
import { createLoopbackEgress } from "../../../test/fakes/loopback-egress.ts";
import { createScriptedModel } from "../../../test/fakes/scripted-model.ts";
import type { Candidate } from "../candidate.ts";
import { createOpenAiCompletions } from "../openai-completions.ts";
import type { ChatRequest } from "../provider.ts";
import { createWindows, type Windows } from "./windows.ts";

const never = new AbortController().signal;
const REF = "llamacpp/m";

let server: CachingServer | undefined;
let clock: ManualClock;
let kept: Map<string, string>;
const failures: unknown[] = [];

beforeEach(() => {
  clock = createManualClock();
  kept = new Map();
  failures.length = 0;
});
afterEach(async () => {
  await server?.close();
  server = undefined;
});

async function open(options: CachingOptions, contextTokens = 2048): Promise<Candidate> {
  server = await startCachingServer({ contextTokens, ...options });
  const egress = createLoopbackEgress();
  const dialect = { id: "llamacpp", baseUrl: server.url, egress, newCallId: () => "call" };
  const provider = createOpenAiCompletions({ ...dialect, product: "llamacpp" });
  const model = { id: "m", locality: "device" } as const;
  return createScriptedModel([], { ref: REF, provider, model, contextTokens }).candidate;
}

const watch = (candidate: Candidate): Promise<Windows> =>
  createWindows({
    candidate: async () => candidate,
    slotAdvice: () => "more slots",
    values: {
      get: async (key) => kept.get(key),
      set: async (key, value) => void kept.set(key, value),
    },
    clock,
    onFailure: (error) => failures.push(error),
  });

test("a window that refuses even the short texts is a finding, and no failure", async () => {
  const candidate = await open({ tooLong: "refuses", heldTokens: 100 }, 512);
  const windows = await watch(candidate);
  const report = await windows.check(candidate, never);
  assert.deepEqual([report.state, report.slots], ["skipped", "unknown"]);
  assert.match(report.why ?? "", /too long/);
});

test("a window that holds gives back the words at both its ends", async () => {
  const candidate = await open({});
  const windows = await watch(candidate);
  const report = await windows.check(candidate, never);
  assert.equal(report.state, "whole");
  assert.equal(report.heldTokens, 2048);
  const filled = Math.max(...(server?.asked ?? []).map(({ promptTokens }) => promptTokens));
  assert.ok(filled > 2048 * 0.85 && filled <= 2048, `${filled} tokens were sent`);
});

test("a server that drops the beginning without a word is found out, and is sent less", async () => {
  const candidate = await open({ tooLong: "cuts", heldTokens: 900 });
  const windows = await watch(candidate);
  windows.limit(candidate);
  const { state, heldTokens } = await windows.check(candidate, never);
  assert.equal(state, "cut");
  assert.equal(heldTokens, 900);
  assert.equal(windows.limit(candidate).contextTokens, 900);
  const again = await watch(candidate);
  assert.equal(again.limit(candidate).contextTokens, 900, "it is known after a restart");
});

test("a server that refuses less than it says it has is sent what it takes", async () => {
  const candidate = await open({ tooLong: "refuses", heldTokens: 1600 });
  const windows = await watch(candidate);
  windows.limit(candidate);
  const { heldTokens, state } = await windows.check(candidate, never);
  assert.deepEqual([state, heldTokens], ["cut", 1536]);
});

test("another size, or other weights, forget what was found of the one before", async () => {
  const candidate = await open({ tooLong: "cuts", heldTokens: 900 });
  const windows = await watch(candidate);
  windows.limit(candidate);
  await windows.check(candidate, never);
  const other = { ...candidate, model: { ...candidate.model, digest: "new" } };
  assert.equal(windows.limit(other).contextTokens, 2048);
  assert.equal(windows.limit({ ...candidate, contextTokens: 4096 }).contextTokens, 4096);
});

test("a window in which not even the instructions fit is refused, with what to do", async () => {
  const candidate = await open({ tooLong: "cuts", heldTokens: 700 });
  const windows = await watch(candidate);
  windows.limit(candidate);
  await windows.check(candidate, never);
  const chat = { ref: REF, locality: "device", request: request({}) } as const;
  assert.throws(() => windows.begins(chat), { code: "MODEL_WINDOW_UNUSABLE" });
  windows.begins({ ...chat, request: request({ priority: "background" }) }); // to look again
});

test("one slot lets two conversations push each other out, two slots keep both", async () => {
  const one = await open({ slots: 1 });
  const windows = await watch(one);
  const evicted = await windows.check(one, never);
  assert.deepEqual([evicted.slots, evicted.advice], ["evicted", "more slots"]);
  await server?.close();
  const two = await open({ slots: 2 });
  assert.equal((await windows.check(two, never)).slots, "kept");
});

test("it is looked at once, when nobody has asked for half a minute, and again after a load", async () => {
  const candidate = await open({});
  const windows = await watch(candidate);
  windows.limit(candidate);
  const chat = { ref: REF, locality: "device", request: request({}) } as const;
  const done = {
    type: "done",
    reason: "stop",
    usage: { inputTokens: 9, outputTokens: 1 },
  } as const;
  const quiet = async () => {
    clock.advance(31_000);
    await settled(() => windows.reports().length > 0);
  };
  windows.ends(chat, done);
  clock.advance(20_000);
  windows.begins(chat); // somebody comes
  clock.advance(20_000);
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(server?.asked.length, 0, "a person was there");
  windows.ends(chat, done);
  await quiet();
  await settled(() => (server?.asked.length ?? 0) >= 6);
  const { length } = server?.asked ?? [];
  windows.ends(chat, done);
  await quiet();
  assert.equal(server?.asked.length, length, "it was known");
  windows.ends(chat, { ...done, timings: { loadMs: 900 } });
  clock.advance(31_000);
  await settled(() => (server?.asked.length ?? 0) >= 2 * (length ?? 0));
  await windows.close();
  assert.deepEqual(failures, []);
});

test("a cloud is never looked at: it would cost money", async () => {
  const candidate = await open({});
  const windows = await watch(candidate);
  const chat = { ref: REF, locality: "cloud", request: request({}) } as const;
  const usage = { inputTokens: 9, outputTokens: 1 };
  windows.ends(chat, { type: "done", reason: "stop", usage });
  clock.advance(60_000);
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(server?.asked.length, 0);
  await windows.close();
});

const request = (more: Partial<ChatRequest>): ChatRequest => ({
  model: "m",
  system: "",
  tools: [],
  messages: [],
  contextTokens: 2048,
  ...more,
});

/** A check goes over a socket: it is waited for, within a bound. */
async function settled(is: () => boolean): Promise<void> {
  for (let tries = 0; tries < 500 && !is(); tries++) {
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  assert.ok(is(), "it did not happen");
}
