import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";

import { createLoopbackEgress } from "../../../test/fakes/loopback-egress.ts";
import {
  CLAIMED_TOKENS,
  startWeakModel,
  TAKEN_TOKENS,
  type Weakness,
} from "../../../test/fakes/weak-model.ts";
import { systemClock } from "../../base/clock.ts";
import { Fault } from "../../base/fault.ts";
import { Scorecard } from "../../protocol/scorecard.ts";
import type { Candidate } from "../candidate.ts";
import { createOpenAiCompletions } from "../openai-completions.ts";
import { type ProbeDeps, probe } from "./probe.ts";
import { PROBE_TOOLS } from "./tasks.ts";

let seeds = 1;
const deps: ProbeDeps = {
  clock: systemClock,
  prompt: () => ({ system: "You are Isopod, with tools.", tools: PROBE_TOOLS }),
  newCallId: () => `call_${seeds++}`,
  newSeed: () => seeds++,
};

async function open(t: TestContext, weaknesses: Weakness[]) {
  const server = await startWeakModel(...weaknesses);
  t.after(() => server.close());
  const provider = createOpenAiCompletions({
    id: "weak",
    baseUrl: `${server.url}/v1`,
    egress: createLoopbackEgress(),
    newCallId: deps.newCallId,
  });
  const candidate: Candidate = {
    ref: "weak/weak",
    provider,
    model: { id: "weak", locality: "unknown" },
    locality: "device",
    contextTokens: CLAIMED_TOKENS,
    params: {},
    tools: true,
    demonstration: false,
    why: "the test says so",
  };
  return { server, candidate };
}

async function measure(t: TestContext, weaknesses: Weakness[], full = false) {
  const { server, candidate } = await open(t, weaknesses);
  const progress: { done: number; steps: number }[] = [];
  const onProgress = (done: number, steps: number) => void progress.push({ done, steps });
  const never = new AbortController().signal;
  const card = await probe({ candidate, full, onProgress }, deps, never);
  const result = (id: string, mode?: string) =>
    card.checks.find((check) => check.id === id && check.mode === mode)?.result;
  return { card, server, progress, result };
}

test("a window too small for the tools says nothing of the model: it is not called one that only talks", async (t) => {
  const { card, result } = await measure(t, ["no-room-for-tools"]);
  assert.equal(card.mode, "native");
  assert.match(card.why, /window is too small/);
  assert.deepEqual(
    [result("call", "native"), result("arguments", "native")],
    ["skipped", "skipped"],
  );
  assert.equal(result("choice", "native"), "skipped");
});

test("a model without a weakness passes everything, with its own calls", async (t) => {
  const { card, result, progress } = await measure(t, []);

  assert.deepEqual(
    card.checks.filter(({ result }) => result !== "passed"),
    [],
  );
  assert.equal(card.mode, "native");
  assert.equal(card.context?.heldTokens, card.context?.triedTokens);
  assert.equal(result("call", "constrained"), undefined, "there was no need for it");
  assert.deepEqual(Scorecard.parse(JSON.parse(JSON.stringify(card))), card);
  const { done, steps } = progress.at(-1) ?? {};
  assert.equal(done, steps);
  assert.ok(progress.every(({ done, steps }) => done <= steps));
});

test("one that never calls by itself is forced into the form, and then does", async (t) => {
  const { card, result } = await measure(t, ["never-calls"]);

  assert.equal(result("call", "native"), "failed");
  assert.equal(result("call", "constrained"), "passed");
  assert.equal(result("steps", "constrained"), "passed");
  assert.equal(card.mode, "constrained");
  assert.match(card.why, /calling a tool/);
});

test("one that cannot be forced either is for talk alone", async (t) => {
  const { card, result } = await measure(t, ["never-calls", "ignores-schema"]);

  assert.equal(result("schema"), "failed");
  assert.equal(card.mode, "chat");
});

test("calls in the text are read as calls, and count as half", async (t) => {
  const { card, result } = await measure(t, ["calls-in-text", "ignores-schema"]);

  assert.equal(result("call", "native"), "partly");
  assert.equal(card.mode, "native");
  const forced = await measure(t, ["calls-in-text"]);
  assert.equal(forced.card.mode, "constrained");
});

test("a call where none was due is told, and so are broken quotes and a chain that breaks", async (t) => {
  const eager = await measure(t, ["always-calls", "ignores-schema"]);
  assert.equal(eager.result("restraint", "native"), "failed");

  const quotes = await measure(t, ["breaks-quotes", "ignores-schema"]);
  assert.equal(quotes.result("arguments", "native"), "failed");
  assert.equal(quotes.result("call", "native"), "passed");
  assert.match(quotes.card.why, /but for quotes and line ends in arguments/);

  const short = await measure(t, ["stops-early", "ignores-schema"]);
  assert.equal(short.result("steps", "native"), "failed");
});

test("a server that refuses tools is asked for them once, and the forced form serves", async (t) => {
  const { card, server, result } = await measure(t, ["refuses-tools"]);

  assert.equal(result("steps", "native"), "failed");
  assert.equal(card.mode, "constrained");
  const withTools = server.chats().filter((body) => "tools" in JSON.parse(body));
  // The two wordings of the first task, and the two of the choice.
  assert.equal(withTools.length, 4);
});

test("what does not decide is told all the same: parallel calls, tool_choice, streaming", async (t) => {
  const { card, result } = await measure(t, [
    "one-call-at-a-time",
    "ignores-tool-choice",
    "does-not-stream",
  ]);

  assert.equal(result("parallel", "native"), "partly");
  assert.equal(result("choice", "native"), "failed");
  assert.equal(result("streams"), "failed");
  assert.equal(card.mode, "native");
});

test("a model that forgets the middle holds less than its window", async (t) => {
  const { card, result } = await measure(t, ["forgets-the-middle"], true);

  assert.equal(result("context"), "partly");
  assert.equal(card.context?.heldTokens, 2_048);
  assert.equal(card.context?.cutAtTokens, undefined);
  assert.match(card.checks.find(({ id }) => id === "context")?.detail ?? "", /in the middle/);
});

test("a server that lies about its window is found out, whether it cuts or refuses", async (t) => {
  const cuts = await measure(t, ["cuts-the-window"], true);
  assert.equal(cuts.result("context"), "failed");
  assert.equal(cuts.card.context?.cutAtTokens, TAKEN_TOKENS);

  const refuses = await measure(t, ["refuses-the-window"], true);
  assert.equal(refuses.result("context"), "failed");
  assert.equal(refuses.card.context?.cutAtTokens, 2_048);
});

test("without --full a window is read up to the cap, and the card says so", async (t) => {
  const { candidate } = await open(t, []);
  const roomy = { ...candidate, contextTokens: 131_072 };
  const never = new AbortController().signal;
  const card = await probe({ candidate: roomy, full: false, onProgress: () => {} }, deps, never);

  assert.ok((card.context?.triedTokens ?? Infinity) <= 16_384);
  assert.match(card.context?.limit ?? "", /--full tries the whole window/);
});

test("the same prompt again comes from the cache, and is told by the server's own count", async (t) => {
  const { card, result } = await measure(t, []);

  assert.equal(result("cache"), "passed");
  assert.match(card.checks.find(({ id }) => id === "cache")?.detail ?? "", /came from its cache/);
  assert.ok((card.speed.promptTokensPerSecond ?? 0) > 0);
  assert.ok((card.firstToken?.promptTokens ?? 0) > 0);
});

test("everything goes out as what nobody waits for, cold and with a fixed seed", async (t) => {
  const { candidate } = await open(t, []);
  const asked: { priority?: string | undefined; params?: object | undefined }[] = [];
  const watched: Candidate = {
    ...candidate,
    provider: {
      ...candidate.provider,
      chat: (request, signal) => {
        asked.push(request);
        return candidate.provider.chat(request, signal);
      },
    },
  };
  const never = new AbortController().signal;
  await probe({ candidate: watched, full: false, onProgress: () => {} }, deps, never);

  assert.ok(asked.length > 10);
  assert.ok(asked.every(({ priority }) => priority === "background"));
  assert.ok(asked.every(({ params }) => params && "seed" in params && "temperature" in params));
});

test("where a person comes in between it gives way, asks again, and takes no times from that", async (t) => {
  const { candidate } = await open(t, []);
  let requests = 0;
  const shared: Candidate = {
    ...candidate,
    provider: {
      ...candidate.provider,
      async *chat(request, signal) {
        requests += 1;
        if (requests === 2) throw new Fault("MODEL_GAVE_WAY", { provider: "weak" });
        yield* candidate.provider.chat(request, signal);
      },
    },
  };
  const never = new AbortController().signal;
  const card = await probe({ candidate: shared, full: false, onProgress: () => {} }, deps, never);

  assert.equal(card.mode, "native");
  assert.equal(card.speed.promptTokensPerSecond, undefined);
});

test("an abort ends it at once, and the server's work with it", async (t) => {
  const { candidate, server } = await open(t, []);
  const stop = new AbortController();
  const reason = new Error("enough");
  const job = {
    candidate,
    full: false,
    onProgress: (done: number) => {
      if (done === 3) stop.abort(reason);
    },
  };
  await assert.rejects(probe(job, deps, stop.signal), reason);
  const before = server.requests.length;
  await new Promise((resolve) => setImmediate(resolve));

  assert.equal(server.requests.length, before);
  assert.equal(server.running.now, 0);
});

test("a server that is gone is no weakness of the model", async (t) => {
  const { candidate, server } = await open(t, []);
  await server.close();
  const never = new AbortController().signal;

  await assert.rejects(probe({ candidate, full: false, onProgress: () => {} }, deps, never), {
    code: "MODEL_UNREACHABLE",
  });
});
