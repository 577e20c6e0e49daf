import assert from "node:assert/strict";
import { test } from "node:test";

import { createPlay, failure, notes } from "../../test/fakes/agent-stage.ts";
import { createScriptedModel } from "../../test/fakes/scripted-model.ts";
import { Fault } from "../base/fault.ts";

const refusal = () => new Fault("MODEL_UNREACHABLE", { provider: "fake", url: "http://fake.test" });

test("the next candidate answers when the first cannot, for this turn only, and people hear when it is back", async () => {
  const second = createScriptedModel([{ text: "I am second." }], { ref: "fake/second" });
  const { say, events, requests, messages } = await createPlay(
    [{ fail: refusal() }, { text: "I am back." }],
    {},
    [second.candidate],
  );

  await say("one");
  await say("two");

  assert.deepEqual(notes(events()), ["MODEL_SWITCHED", "MODEL_RECOVERED"]);
  assert.deepEqual(
    (await messages()).filter(({ role }) => role === "assistant").map(({ text }) => text),
    ["I am second.", "I am back."],
  );
  assert.equal(second.requests.length, 1);
  assert.equal(second.requests[0]?.system, requests[0]?.system);
});

test("cut off in mid-answer, the next one goes on from there, and no word is said twice", async () => {
  const second = createScriptedModel([{ text: " answer." }, { text: "Fine." }]);
  const { say, events, messages, store } = await createPlay(
    [{ text: "Half an", fail: refusal() }, { fail: refusal() }],
    {},
    [second.candidate],
  );

  const { turn } = await say("x");

  const shown = events(turn).map((event) => (event.type === "text" ? event.text : ""));
  assert.equal(shown.join(""), "Half an answer.");
  assert.deepEqual(
    second.requests[0]?.messages.slice(-2).map(({ role }) => role),
    ["assistant", "user"],
  );
  assert.equal(second.requests[0]?.messages.at(-2)?.text, "Half an");
  assert.deepEqual(
    (await messages()).map(({ text }) => text),
    ["x", "Half an", " answer."],
  );
  assert.deepEqual(
    (await store.turns.get(turn))?.notes?.map(({ code }) => code),
    ["MODEL_SWITCHED"],
  );
  await say("y");
  const [before, after] = second.requests.map(({ messages }) => messages.slice(0, 2));
  assert.deepEqual(after, before); // the prefix stands
});

test("cut off in mid-answer with nobody left, what was shown is kept", async () => {
  const { say, events, messages } = await createPlay([{ text: "Half an", fail: refusal() }]);

  await say("x");

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
