/** Each cause of a prompt that is read again, made for real with a server that keeps prefixes. */

import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";

import {
  addSession,
  createCountingTools,
  createManualClock,
  createMemoryWorkspace,
  createStage,
  isEnd,
  type ManualClock,
  PERSON,
  SESSION,
} from "../../../test/fakes/agent-stage.ts";
import { type CachingServer, startCachingServer } from "../../../test/fakes/caching-server.ts";
import { createLoopbackEgress } from "../../../test/fakes/loopback-egress.ts";
import { createScriptedModel } from "../../../test/fakes/scripted-model.ts";
import { createOpenAiCompletions } from "../../models/openai-completions.ts";
import { createStore } from "../../store/sqlite.ts";
import type { Store } from "../../store/store.ts";
import { createContextReport } from "./context-report.ts";

let server: CachingServer;
let store: Store;
let clock: ManualClock;

beforeEach(async () => {
  server = await startCachingServer();
  clock = createManualClock();
  store = await createStore({ folder: ":memory:", clock });
});
afterEach(async () => {
  await server.close();
  await store.close();
});

type Changes = {
  params?: object;
  instructions?: string;
  tools?: number;
  contextTokens?: number;
};

/** An agent as it is after a start of the gateway: what it remembers of earlier ones is the store. */
async function start({ params, instructions = "", tools: count = 2, contextTokens }: Changes = {}) {
  const egress = createLoopbackEgress();
  const provider = createOpenAiCompletions({
    id: "llamacpp",
    baseUrl: server.url,
    egress,
    product: "llamacpp",
    newCallId: () => "call",
  });
  const { candidate } = createScriptedModel([], {
    ref: "llamacpp/m",
    provider,
    model: { id: "m", locality: "device" },
    params: { ...params },
    contextTokens: contextTokens ?? 8192,
  });
  const workspace = createMemoryWorkspace();
  const tools = createCountingTools(workspace).tools.slice(0, count);
  const settings = { defaults: { instructions } };
  const cuts: [string, number][] = [];
  const onCut = (ref: string, heldTokens: number) => {
    cuts.push([ref, heldTokens]);
    // As the gateway does: the next turn asks for no more than the server holds.
    candidate.contextTokens = heldTokens;
  };
  const deps = { onCut };
  const candidates = [candidate];
  const stage = await createStage({ candidates, store, clock, tools, workspace, settings, deps });
  return { ...stage, cuts };
}

type Stage = Awaited<ReturnType<typeof start>>;

async function say({ agent, until }: Stage, text: string, session = SESSION): Promise<void> {
  clock.advance(1_000);
  const sent = await agent.submit({ person: PERSON, session, text, attended: true });
  await until(({ turn, event }) => turn === sent.turn && isEnd(event));
  clock.advance(1_000);
}

const read = (session = SESSION) =>
  createContextReport({ sessions: store.sessions, slotAdvice: async () => "more slots" })(
    PERSON,
    session,
  );

const LONG = "What is in the notes of last week about the garden, and what is left to do? ".repeat(
  8,
);

test("a conversation that only grows loses nothing, over a restart of the gateway too", async () => {
  const stage = await start();
  for (const text of [LONG, "And then?", LONG]) await say(stage, text);
  await stage.agent.close();
  const again = await start();
  await say(again, "Go on");
  const { broken, requests, totals } = await read();
  assert.equal(broken, null);
  assert.deepEqual(
    requests.map(({ cause }) => cause),
    ["first", "held", "held", "held"],
  );
  assert.equal(totals.lostShare, 0);
  assert.ok(requests.slice(1).every(({ cachedTokens }) => (cachedTokens ?? 0) > 300));
});

test("instructions that changed are named, with the very byte and the seconds", async () => {
  const stage = await start({ instructions: "Be brief and kind." });
  for (const text of [LONG, "And then?"]) await say(stage, text);
  await stage.agent.close();
  await say(await start({ instructions: "Be brief and curt." }), "Go on");
  const { broken } = await read();
  assert.equal(broken?.cause, "system");
  assert.equal(broken.changed?.exact, true);
  const epochs = await store.sessions.epochs(SESSION);
  assert.equal(epochs.at(-1)?.system.slice(broken.changed.within).startsWith("curt."), true);
  const { readTokens } = server.asked.at(-1) ?? { readTokens: 0 };
  assert.ok(broken.lostTokens > 100 && broken.lostTokens <= readTokens);
  assert.ok(Math.abs((broken.lostSeconds ?? 0) - broken.lostTokens * 0.002) < 1e-9);
  assert.match(broken.text, /system text changed \(byte \d+/);
});

test("tools that changed are named, with the very byte", async () => {
  const stage = await start({ tools: 2 });
  for (const text of [LONG, "And then?"]) await say(stage, text);
  await stage.agent.close();
  await say(await start({ tools: 3 }), "Go on");
  const { broken } = await read();
  // The tools stand in the system text too: that is the first to change.
  assert.ok(broken?.cause === "system" || broken?.cause === "tools");
  assert.equal(broken.changed?.exact, true);
});

test("a parameter of the template that changed is named", async () => {
  const stage = await start({ params: { chat_template_kwargs: { enable_thinking: true } } });
  for (const text of [LONG, "And then?"]) await say(stage, text);
  await stage.agent.close();
  const other = await start({ params: { chat_template_kwargs: { enable_thinking: false } } });
  await say(other, "Go on");
  const { broken } = await read();
  assert.equal(broken?.cause, "template");
  assert.deepEqual(broken.changed?.names, ["chat_template_kwargs"]);
});

test("a conversation that was shortened says so", async () => {
  const stage = await start({ contextTokens: 2048 });
  for (let turn = 0; turn < 8; turn++) await say(stage, LONG);
  const { requests } = await read();
  assert.ok(requests.some(({ cause }) => cause === "compaction"));
  assert.equal(requests.at(-1)?.cause === "system", false);
});

test("another session in the slot is named, with how many requests it made", async () => {
  const stage = await start();
  await addSession(store, clock, "ses_other");
  await say(stage, LONG);
  await say(stage, `Something else. ${LONG}`, "ses_other");
  await say(stage, "Go on");
  const { broken, requests } = await read();
  assert.equal(broken?.cause, "slot");
  assert.equal(broken.beside, 1);
  assert.equal(broken.changed, undefined);
  assert.equal(broken.advice, "more slots");
  assert.equal(requests[0]?.cause, "first");
});

test("with a slot for each, sessions that take turns lose nothing", async () => {
  await server.close();
  server = await startCachingServer({ slots: 2, similarity: 0.95 });
  const stage = await start();
  await addSession(store, clock, "ses_other");
  for (let round = 0; round < 3; round++) {
    await say(stage, `Mine. ${LONG}`);
    await say(stage, `Something else. ${LONG}`, "ses_other");
  }
  const { broken } = await read();
  assert.equal(broken, null);
});

test("a server that was started anew is named, and not the sessions that were not there", async () => {
  const stage = await start();
  for (const text of [LONG, "And then?"]) await say(stage, text);
  server.reload();
  await say(stage, "Go on");
  const { broken } = await read();
  assert.equal(broken?.cause, "reloaded");
  assert.match(broken.text, /had nothing of it/);
  await say(stage, "And now?");
  assert.equal((await read()).requests.at(-1)?.cause, "held");
});

test("security: another person's session is not there", async () => {
  const ask = createContextReport({ sessions: store.sessions, slotAdvice: async () => "" });
  await say(await start(), "Hello");
  await assert.rejects(ask("per_other", SESSION), { code: "NOT_FOUND" });
});

test("a server that drops the beginning of a prompt is told on at once, and is sent less from then on", async () => {
  await server.close();
  server = await startCachingServer({ tooLong: "cuts", heldTokens: 900 });
  const stage = await start();
  for (const text of [LONG, LONG, LONG, LONG, LONG, LONG, LONG]) await say(stage, text);
  const told = stage.seen.filter(
    ({ event }) => event.type === "note" && event.code === "MODEL_PROMPT_CUT",
  );
  assert.equal(told.length, 1);
  assert.match(JSON.stringify(told[0]?.event), /read 900 of about/);
  assert.deepEqual(stage.cuts, [["llamacpp/m", 900]]);
});

test("a server that holds what it is sent is never told on", async () => {
  const stage = await start();
  for (let turn = 0; turn < 8; turn++) await say(stage, LONG);
  assert.deepEqual(stage.cuts, []);
});
