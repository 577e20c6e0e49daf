import assert from "node:assert/strict";
import { test } from "node:test";

import { z } from "zod";

import {
  createManualClock,
  createPlay,
  createStage,
  failure,
  notes,
  results,
} from "../../test/fakes/agent-stage.ts";
import { createScriptedModel } from "../../test/fakes/scripted-model.ts";
import { defineTool } from "../tools/tool.ts";

test("the same call with the same result is told to the model at the third time, and ends the turn at the fifth", async () => {
  const { say, events, requests } = await createPlay(() => ({
    calls: [{ tool: "read", input: { path: "a" } }],
  }));

  await say("x");

  assert.equal(requests.length, 5);
  assert.match(results(events())[2]?.output ?? "", /same result three times/);
  assert.doesNotMatch(results(events())[3]?.output ?? "", /same result/);
  assert.deepEqual(failure(events()), ["TURN_LOOPING"]);
});

test("the same call with a new result each time is no loop", async () => {
  let reads = 0;
  const count = defineTool({
    name: "count",
    description: "",
    effect: "none",
    input: z.object({}),
    run: async () => `${reads++}`,
  });
  const { candidate } = createScriptedModel((_, at) =>
    at < 8 ? { calls: [{ tool: "count" }] } : { text: "Eight." },
  );
  const { say, events } = await createStage({ candidates: [candidate], tools: [count] });

  await say("x");

  assert.equal(events().at(-1)?.type, "done");
});

test("steps beyond the budget end the turn, and say which setting", async () => {
  const { say, events, requests } = await createPlay(
    (_, at) => ({ calls: [{ tool: "read", input: { path: `${at}` } }] }),
    { defaults: { maxSteps: 3 } },
  );

  await say("x");

  assert.equal(requests.length, 3);
  const last = events().at(-1);
  assert.ok(last?.type === "failed" && last.code === "TURN_BUDGET");
  assert.match(last.fix, /agents\.defaults\.maxSteps/);
});

test("tokens beyond the budget end the turn; cached ones do not count", async () => {
  const usage = { inputTokens: 900, outputTokens: 100, cachedTokens: 500 };
  const { say, requests, events } = await createPlay(
    (_, at) => ({ calls: [{ tool: "read", input: { path: `${at}` } }], usage }),
    { defaults: { maxTurnTokens: 1_000 } },
  );

  await say("x");

  assert.equal(requests.length, 2);
  assert.deepEqual(failure(events()), ["TURN_BUDGET"]);
});

test("a tool that takes all of the turn's time is ended, and the turn after it", async () => {
  const clock = createManualClock();
  const { candidate } = createScriptedModel([{ calls: [{ tool: "hang" }] }]);
  const hang = defineTool({
    name: "hang",
    description: "",
    effect: "run",
    input: z.object({}),
    run: (_, { signal }) => {
      setImmediate(() => clock.advance(60_000));
      return new Promise((_, reject) => {
        signal.addEventListener("abort", () => reject(signal.reason));
      });
    },
  });
  const { say, events } = await createStage({
    candidates: [candidate],
    tools: [hang],
    clock,
    settings: { defaults: { maxToolSeconds: 60 } },
  });

  await say("x");

  assert.equal(results(events())[0]?.ok, false);
  assert.deepEqual(failure(events()), ["TURN_BUDGET"]);
});

test("an empty answer is asked for once more with a nudge that is not kept", async () => {
  const { say, messages, requests } = await createPlay([{ text: " \n" }, { text: "Here." }]);

  await say("x");

  assert.equal(requests[1]?.messages.length, 3);
  assert.deepEqual(requests[1]?.messages[0], requests[0]?.messages[0]);
  assert.deepEqual(
    (await messages()).map(({ text }) => text),
    ["x", "Here."],
  );
});

test("two empty answers are a fault", async () => {
  const { say, events } = await createPlay([{ reasoning: "hm" }, { reasoning: "hm" }]);

  await say("x");

  assert.deepEqual(failure(events()), ["ANSWER_EMPTY"]);
});

test("an answer that ran into its length limit ends so, with a note", async () => {
  const { say, events } = await createPlay([{ text: "Once upon", reason: "length" }]);

  await say("x");

  assert.deepEqual(notes(events()), ["ANSWER_CUT"]);
  assert.deepEqual(events().at(-1), { type: "done", reason: "length" });
});
