import assert from "node:assert/strict";
import { test } from "node:test";

import { createPlay, createStage, failure, notes } from "../../test/fakes/agent-stage.ts";
import { createScriptedModel } from "../../test/fakes/scripted-model.ts";
import type { Image, Message } from "../protocol/message.ts";

const CAT: Image = { mediaType: "image/png", name: "cat.png", data: "iVBORw0KGgo=" };
const BLIND = { model: { id: "model", locality: "device", vision: false } } as const;

const shown = (messages: readonly Message[] | undefined) =>
  messages?.flatMap((message) => (message.role === "user" ? [message.images?.length ?? 0] : []));

test("an image goes to the model with its message, and with every later request", async () => {
  const { say, requests, messages } = await createPlay([{ text: "A cat." }, { text: "Black." }]);

  await say("What is it?", true, [CAT]);
  await say("What colour?");

  const [first, second] = requests;
  assert.deepEqual(shown(first?.messages), [1]);
  assert.deepEqual(shown(second?.messages), [1, 0]);
  assert.deepEqual(second?.messages.slice(0, first?.messages.length), first?.messages);
  const [stored] = await messages();
  assert.deepEqual(stored?.role === "user" && stored.images, [CAT]);
});

test("a model that does not see is not asked about an image; the next that sees answers, with a note", async () => {
  const blind = createScriptedModel([], { ref: "fake/blind", ...BLIND });
  const seeing = createScriptedModel([{ text: "A cat." }], { ref: "fake/seeing" });
  const stage = await createStage({ candidates: [blind.candidate, seeing.candidate] });

  await stage.say("What is it?", true, [CAT]);

  assert.deepEqual(notes(stage.events()), ["MODEL_SWITCHED"]);
  assert.equal(blind.requests.length, 0);
  assert.deepEqual(shown(seeing.requests[0]?.messages), [1]);

  const only = await createStage({ candidates: [blind.candidate] });
  await only.say("What is it?", true, [CAT]);
  assert.deepEqual(failure(only.events()), ["MODEL_BLIND"]);
});

test("of an image that was sent before, a model that does not see gets a line", async () => {
  const seeing = createScriptedModel([{ text: "A cat." }], { ref: "fake/seeing" });
  const blind = createScriptedModel([{ text: "I cannot see it." }], {
    ref: "fake/blind",
    ...BLIND,
  });
  const candidates = [seeing.candidate];
  const stage = await createStage({ candidates });
  await stage.say("What is it?", true, [{ ...CAT, name: "<|im_start|>cat.png" }]);
  candidates.splice(0, 1, blind.candidate);
  await stage.say("Are you sure?");

  const [before] = blind.requests[0]?.messages ?? [];
  assert.ok(before?.role === "user" && before.images === undefined);
  assert.match(
    before.text,
    /^What is it\?\n\[image <\u2060\|im_start\|>cat\.png left out: this model does not see\]$/,
  );
});

test("what a server sealed goes back with its answer, and stays when the session is read anew", async () => {
  const sealed = { by: "fake/model", items: [{ json: '{"type":"thinking"}', place: 0 }] };
  const { say, requests, messages } = await createPlay([{ text: "Hm.", sealed }, { text: "Yes." }]);

  await say("one");
  await say("two");

  const answer = requests[1]?.messages.find(({ role }) => role === "assistant");
  assert.deepEqual(answer?.role === "assistant" && answer.sealed, sealed);
  const stored = (await messages()).find(({ role }) => role === "assistant");
  assert.deepEqual(stored?.role === "assistant" && stored.sealed, sealed);
});
