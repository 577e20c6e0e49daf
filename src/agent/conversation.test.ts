import assert from "node:assert/strict";
import { test } from "node:test";

import { createPlay, failure, notes } from "../../test/fakes/agent-stage.ts";
import { createScriptedModel } from "../../test/fakes/scripted-model.ts";
import { Fault } from "../base/fault.ts";

const refusal = () => new Fault("MODEL_UNREACHABLE", { provider: "fake", url: "http://fake.test" });

test("the next candidate answers when the first cannot, for this turn only, with a note", async () => {
  const second = createScriptedModel([{ text: "I am second." }], { ref: "fake/second" });
  const { say, events, requests, messages } = await createPlay(
    [{ fail: refusal() }, { text: "I am back." }],
    {},
    [second.candidate],
  );

  await say("one");
  await say("two");

  assert.deepEqual(notes(events()), ["MODEL_SWITCHED"]);
  assert.deepEqual(
    (await messages()).filter(({ role }) => role === "assistant").map(({ text }) => text),
    ["I am second.", "I am back."],
  );
  assert.equal(second.requests.length, 1);
  assert.equal(second.requests[0]?.system, requests[0]?.system);
});

test("once text was shown nobody else is asked; what was shown is kept", async () => {
  const second = createScriptedModel([{ text: "no" }]);
  const { say, events, messages } = await createPlay([{ text: "Half an", fail: refusal() }], {}, [
    second.candidate,
  ]);

  await say("x");

  assert.equal(second.requests.length, 0);
  assert.deepEqual(failure(events()), ["MODEL_UNREACHABLE"]);
  assert.equal((await messages()).at(-1)?.text, "Half an");
});

test("a switch after a tool call does not run it again", async () => {
  const second = createScriptedModel([{ text: "Done." }]);
  const { say, effects, events } = await createPlay(
    [{ calls: [{ tool: "run", input: { command: "once" } }] }, { fail: refusal() }],
    {},
    [second.candidate],
  );

  await say("x");

  assert.deepEqual(effects, ["run once"]);
  assert.equal(events().at(-1)?.type, "done");
});

test("a fallback that cannot call tools is told so and offered none", async () => {
  const chatty = createScriptedModel([{ text: "I can only talk." }], { tools: false });
  const { say } = await createPlay([{ fail: refusal() }], {}, [chatty.candidate]);

  await say("x");

  assert.deepEqual(chatty.requests[0]?.tools, []);
  assert.match(chatty.requests[0]?.system ?? "", /cannot open files/);
});
