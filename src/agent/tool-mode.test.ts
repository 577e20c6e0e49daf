import assert from "node:assert/strict";
import { test } from "node:test";

import {
  createCountingTools,
  createMemoryWorkspace,
  createStage,
  notes,
} from "../../test/fakes/agent-stage.ts";
import { createScriptedModel } from "../../test/fakes/scripted-model.ts";
import type { Candidate } from "../models/candidate.ts";
import { constrained } from "../models/constrained/constrained.ts";
import { toInstructions } from "../models/constrained/form.ts";
import type { Scorecard, ToolMode } from "../protocol/scorecard.ts";
import { sandboxSetting } from "../sandbox/settings.ts";
import { toSpec } from "../tools/spec.ts";
import { createTools } from "../tools/tools.ts";

const card = (mode: ToolMode): Scorecard => ({
  ref: "fake/model",
  server: "http://fake.test",
  digest: "x",
  measuredAt: 1,
  tookMs: 1,
  extent: "standard",
  mode,
  why: "the probe says so",
  checks: [],
  speed: { by: "clock" },
});

const as = (candidate: Candidate, mode: ToolMode): Candidate => ({
  ...candidate,
  tools: mode !== "chat",
  toolMode: mode,
  scorecard: card(mode),
  ...(mode === "constrained" && {
    provider: constrained(candidate.provider, () => `call_${Math.random()}`),
    unforced: candidate.provider,
  }),
});

async function play(texts: readonly string[], mode: ToolMode) {
  const workspace = createMemoryWorkspace(new Map([["a.txt", "tea"]]));
  const { tools, effects } = createCountingTools(workspace);
  const { candidate, requests } = createScriptedModel(texts.map((text) => ({ text })));
  const route = [as(candidate, mode)];
  const router = { route: async () => route };
  const stage = await createStage({ candidates: [], tools, workspace, deps: { router } });
  const become = (mode: ToolMode) => void route.splice(0, 1, as(candidate, mode));
  return { ...stage, effects, requests, become };
}

test("in the forced form tools run and answers stream, and the server is sent one schema and no tools", async () => {
  const { say, events, messages, effects, requests } = await play(
    ['{"tool": "write", "input": {"path": "b.txt", "content": "hi"}}', '{"answer": "Done."}'],
    "constrained",
  );

  await say("write hi into b.txt");

  assert.deepEqual(effects, ["write b.txt hi"]);
  assert.equal((await messages()).at(-1)?.text, "Done.");
  assert.ok(requests.every(({ tools, format }) => tools.length === 0 && format !== undefined));
  assert.match(requests[1]?.messages.at(-1)?.text ?? "", /Result of write.*\nWrote b\.txt\n/s);
  assert.ok(events().some((event) => event.type === "text" && event.text === "Done."));
});

test("in the forced form requests only grow, too", async () => {
  const { say, requests } = await play(
    [
      '{"tool": "read", "input": {"path": "a.txt"}}',
      '{"answer": "It says tea."}',
      '{"answer": "You are welcome."}',
    ],
    "constrained",
  );

  await say("read a.txt");
  await say("thanks");

  for (const [at, { system, format, messages }] of requests.entries()) {
    const next = requests[at + 1];
    if (!next) break;
    assert.equal(next.system, system);
    assert.deepEqual(next.format, format);
    assert.deepEqual(next.messages.slice(0, messages.length), messages);
  }
});

test("the core tools take fewer than 500 tokens in words", () => {
  const tools = createTools({ sandbox: sandboxSetting.schema.parse({}) });
  const text = toInstructions(tools.map(toSpec));

  assert.match(text, /^- remember /m);
  assert.ok(Buffer.byteLength(text) / 4 < 500, `${Buffer.byteLength(text)} bytes`);
});

test("who is used in another way than its server has it is told at the beginning, and once", async () => {
  const { say, events } = await play(['{"answer": "Hi."}', '{"answer": "Yes?"}'], "constrained");

  await say("hello");
  await say("you there?");

  assert.deepEqual(notes(events()), ["TOOL_MODE"]);
});

test("a model for talk alone is offered no tools, and the person is told why", async () => {
  const { say, events, requests } = await play(["I can only talk."], "chat");

  await say("read a.txt");

  assert.deepEqual(requests[0]?.tools, []);
  const note = events().find((event) => event.type === "note");
  assert.match(note?.type === "note" ? note.text : "", /without tools: the probe says so/);
});

test("a new measurement begins a new epoch, and says so; the same one does not", async () => {
  const { say, store, become, events } = await play(
    ["Hi.", "Still here.", '{"answer": "In form."}'],
    "native",
  );
  const number = async () => (await store.sessions.epoch("ses_test"))?.number;

  await say("one");
  await say("two");
  assert.equal(await number(), 1);
  become("constrained");
  await say("three");

  assert.equal(await number(), 2);
  assert.deepEqual(notes(events()), ["TOOL_MODE"]);
});
