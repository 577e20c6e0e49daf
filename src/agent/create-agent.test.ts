import assert from "node:assert/strict";
import { test } from "node:test";

import { z } from "zod";

import {
  addSession,
  createCountingTools,
  createManualClock,
  createMemoryWorkspace,
  createStage,
  failure,
  isEnd,
  notes,
  PERSON,
  SESSION,
} from "../../test/fakes/agent-stage.ts";
import { createScriptedModel } from "../../test/fakes/scripted-model.ts";
import { Fault } from "../base/fault.ts";
import type { Wanted } from "../models/candidate.ts";
import type { TurnEvent } from "../protocol/event.ts";
import type { StoredMessage } from "../store/store.ts";
import { defineTool } from "../tools/tool.ts";

const message = { person: PERSON, session: SESSION, text: "Hello", attended: true };

/** A model that answers only when told to. */
function createSlow() {
  const gates: (() => void)[] = [];
  const model = createScriptedModel(() => {
    const { promise, resolve } = Promise.withResolvers<void>();
    gates.push(resolve);
    return {
      text: "Well",
      before: (signal) => {
        const aborted = new Promise((_, reject) => {
          signal.addEventListener("abort", () => reject(signal.reason));
        });
        return Promise.race([promise, aborted]);
      },
    };
  });
  return { ...model, gates };
}

test("submit() resolves once the message is on disk", async () => {
  const { candidate } = createSlow();
  const { agent, store, messages } = await createStage({ candidates: [candidate] });

  const accepted = await agent.submit(message);

  assert.deepEqual((await messages())[0]?.text, "Hello");
  assert.equal((await store.turns.get(accepted.turn))?.owner, PERSON);
  await agent.close();
});

test("the same key twice is one message and one turn", async () => {
  const { candidate, requests } = createScriptedModel([{ text: "Hi" }]);
  const { agent, until, messages } = await createStage({ candidates: [candidate] });

  const first = await agent.submit({ ...message, key: "12345678" });
  await until(({ event }) => isEnd(event));
  const second = await agent.submit({ ...message, key: "12345678" });

  assert.deepEqual(second, first);
  assert.equal(requests.length, 1);
  assert.equal((await messages()).length, 2);
});

test("security: a session of somebody else does not exist", async () => {
  const { candidate } = createSlow();
  const { agent } = await createStage({ candidates: [candidate] });
  const other = { ...message, person: "per_other" };

  await assert.rejects(agent.submit(other), { code: "NOT_FOUND" });
  await agent.submit(message);
  assert.equal(await agent.stop("per_other", SESSION), false);
  assert.ok(agent.isBusy(SESSION));
  await agent.close();
});

test("turns of one session wait for each other, those of others do not", async () => {
  const { candidate, gates, requests } = createSlow();
  const { agent, store, clock, until, events } = await createStage({ candidates: [candidate] });
  await addSession(store, clock, "ses_other");

  const first = await agent.submit({ ...message, text: "one" });
  const second = await agent.submit({ ...message, text: "two" });
  await agent.submit({ ...message, session: "ses_other", text: "elsewhere" });
  await until(({ session, event }) => session === "ses_other" && event.type === "text");

  assert.deepEqual(
    requests.map(({ messages }) => messages.at(-1)?.text),
    ["one", "elsewhere"],
  );
  assert.equal(events(second.turn)[0]?.type, "waiting");
  gates[0]?.();
  await until(({ turn, event }) => turn === first.turn && isEnd(event));
  await until(({ turn, event }) => turn === second.turn && event.type === "text");
  assert.deepEqual(
    requests[2]?.messages.map(({ text }) => text),
    ["one", "Well", "two"],
  );
  await agent.close();
});

test("more waiting messages than a person writes are refused", async () => {
  const { candidate } = createSlow();
  const { agent } = await createStage({ candidates: [candidate] });
  for (let sent = 0; sent < 21; sent++) await agent.submit(message);

  await assert.rejects(agent.submit(message), { code: "TURN_QUEUE_FULL" });
  await agent.close();
});

test("security: a session takes no more images once they would take everybody's memory, and goes on in words", async () => {
  const { candidate } = createSlow();
  const { agent, store } = await createStage({ candidates: [candidate] });
  const image = { mediaType: "image/png", name: "a", data: "A".repeat(22 * 1024 * 1024) } as const;
  for (let sent = 0; sent < 6; sent++) await agent.submit({ ...message, images: [image] });
  assert.ok((await store.sessions.sizeBytes(message.session)) > 6 * image.data.length);

  await assert.rejects(agent.submit({ ...message, images: [image] }), { code: "SESSION_FULL" });
  const text = "x".repeat(200_000);
  await assert.rejects(agent.submit({ ...message, text }), { code: "SESSION_FULL" });
  await agent.submit(message);
  await agent.close();
});

test("stop() ends the running turn, keeps what was shown, and drops those that wait", async () => {
  const { candidate } = createSlow();
  const { agent, until, store, messages, events } = await createStage({ candidates: [candidate] });
  const first = await agent.submit(message);
  const second = await agent.submit(message);
  await until(({ event }) => event.type === "text");

  assert.equal(await agent.stop(PERSON, SESSION), true);

  assert.deepEqual(failure(events(first.turn)), ["TURN_STOPPED"]);
  assert.deepEqual(failure(events(second.turn)), ["TURN_STOPPED"]);
  assert.deepEqual(
    (await store.turns.list(SESSION)).map(({ state }) => state),
    ["stopped", "stopped"],
  );
  assert.ok((await messages()).some(({ role, text }) => role === "assistant" && text === "Well"));
  assert.equal(agent.isBusy(SESSION), false);
  assert.equal(await agent.stop(PERSON, SESSION), false);
});

test("a stopped tool leaves a result that says it may have taken effect", async () => {
  const begun = Promise.withResolvers<void>();
  const hang = defineTool({
    name: "hang",
    description: "",
    effect: "run",
    input: z.object({}),
    run: (_, { signal }) => {
      begun.resolve();
      return new Promise((_, reject) => {
        signal.addEventListener("abort", () => reject(signal.reason));
      });
    },
  });
  const { candidate, requests } = createScriptedModel([
    { calls: [{ tool: "hang" }, { tool: "hang" }] },
    { text: "Next." },
  ]);
  const { agent, say, messages } = await createStage({ candidates: [candidate], tools: [hang] });
  await agent.submit(message);
  await begun.promise;

  await agent.stop(PERSON, SESSION);

  const results = (await messages()).filter(({ role }) => role === "tool");
  assert.match(results[0]?.text ?? "", /may have taken effect/);
  assert.match(results[1]?.text ?? "", /^Not run/);
  await say("go on");
  assert.equal(requests[1]?.messages.at(-1)?.text, "go on");
});

test("live() shows what the store does not hold yet, text as one piece", async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  const { candidate } = createScriptedModel([
    { text: "First.", calls: [{ tool: "read", input: { path: "a" } }] },
    { text: ["Hel", "lo"], before: () => promise },
  ]);
  const workspace = createMemoryWorkspace();
  const { tools } = createCountingTools(workspace);
  const { agent, until } = await createStage({ candidates: [candidate], tools, workspace });

  const { turn } = await agent.submit(message);
  await until(({ event }) => event.type === "text" && event.text === "lo");
  await new Promise((resolve) => setTimeout(resolve, 5)); // what was appended gets to the disk

  assert.deepEqual(agent.live(SESSION), { turn, events: [{ type: "text", text: "Hello" }] });
  resolve();
  await until(({ event }) => isEnd(event));
});

test("the first words become the title, and a title that is there stays", async () => {
  const { candidate } = createScriptedModel(() => ({ text: "Hi" }));
  const { say, store } = await createStage({ candidates: [candidate] });

  await say("  Plan   a trip\nto Busan for three days in spring, with the children and the dog ");
  const first = await store.sessions.get(PERSON, SESSION);
  await say("Something else");
  const second = await store.sessions.get(PERSON, SESSION);

  assert.equal(first?.title, "Plan a trip to Busan for three days in spring, with the…");
  assert.equal(second?.title, first?.title);
});

test("each message that lasts is told once it is on disk", async () => {
  const told: StoredMessage[] = [];
  const { candidate } = createScriptedModel([{ text: "Hi" }]);
  const { say, store } = await createStage({
    candidates: [candidate],
    deps: { onMessage: (_, stored) => void told.push(stored) },
  });

  await say("Hello");

  assert.deepEqual(told, await store.sessions.messages(SESSION));
});

test("close() leaves a running turn as it is, and the next start goes on with it", async () => {
  const slow = createSlow();
  const clock = createManualClock();
  const first = await createStage({ candidates: [slow.candidate], clock });
  const running = await first.agent.submit(message);
  const waiting = await first.agent.submit({ ...message, text: "And then?" });
  await first.until(({ event }) => event.type === "text");

  await first.agent.close();

  await assert.rejects(first.agent.submit(message), { code: "AGENT_CLOSED" });
  assert.ok(!first.events().some(isEnd));
  const { candidate, requests } = createScriptedModel([{ text: "Hi." }, { text: "Then." }]);
  const second = await createStage({ candidates: [candidate], clock, store: first.store });
  assert.deepEqual(await second.agent.resume(), { turns: 2 });
  await second.until(({ turn, event }) => turn === waiting.turn && isEnd(event));

  assert.equal(requests[0]?.messages.at(-1)?.text, "Hello");
  assert.deepEqual(
    (await second.messages()).map(({ text }) => text),
    ["Hello", "And then?", "Hi.", "Then."],
  );
  assert.equal((await second.store.turns.get(running.turn))?.state, "done");
});

test("a turn without a model ends with the reason, and the session goes on", async () => {
  const { candidate } = createScriptedModel([{ text: "Back." }]);
  let fails = true;
  const none = new Fault("MODEL_NONE", { why: "no server answers" });
  const { say, events, store } = await createStage({
    candidates: [],
    deps: {
      router: {
        route: async () => {
          if (fails) throw none;
          return [candidate];
        },
      },
    },
  });

  const { turn } = await say("Hello");
  assert.deepEqual(failure(events()), ["MODEL_NONE"]);
  assert.equal((await store.turns.get(turn))?.fault?.code, "MODEL_NONE");
  fails = false;
  await say("Again");
  assert.equal(events().at(-1)?.type, "done");
});

test("a disk that is full ends the turn with that fault", async () => {
  const { candidate } = createScriptedModel([{ text: "Hi" }]);
  const whole = await createStage({ candidates: [candidate] });
  const full = new Fault("STORE_FULL", { folder: "/x" });
  const turns = { ...whole.store.turns, append: () => Promise.reject(full) };
  const store = { ...whole.store, turns };
  const { say, events } = await createStage({ candidates: [candidate], store, clock: whole.clock });

  await say("Hello");

  assert.deepEqual(failure(events()), ["STORE_FULL"]);
});

test("switching the model begins a new head and keeps the history", async () => {
  const one = createScriptedModel(() => ({ text: "One." }), { ref: "fake/one" });
  const two = createScriptedModel(() => ({ text: "Two." }), { ref: "fake/two", tools: false });
  let candidate = one.candidate;
  const { say, store, events } = await createStage({
    candidates: [],
    tools: createCountingTools(createMemoryWorkspace()).tools,
    deps: { router: { route: async () => [candidate] } },
  });

  await say("first");
  candidate = two.candidate;
  await say("second");

  const epoch = await store.sessions.epoch(SESSION);
  assert.deepEqual([epoch?.why, epoch?.number, epoch?.model], ["model", 2, "fake/two"]);
  assert.deepEqual(two.requests[0]?.tools, []);
  assert.equal(two.requests[0]?.messages[0]?.text, "first");
  assert.deepEqual(notes(events()), []);
});

/** One turn that is kept nowhere. */
async function ephemeral(
  turn: Partial<Parameters<Awaited<ReturnType<typeof createStage>>["agent"]["runEphemeral"]>[0]>,
  model: ReturnType<typeof createScriptedModel>,
) {
  const workspace = createMemoryWorkspace();
  const { tools, effects } = createCountingTools(workspace);
  const settings = {
    defaults: { instructions: "From config." },
    entries: {
      pirate: {
        instructions: "Arr.",
        model: { primary: "fake/own" },
        params: { temperature: 0.1, num_predict: 300 },
      },
    },
  };
  const asked: (string | undefined)[] = [];
  const router = {
    route: async ({ picked, chain }: Wanted) => {
      asked.push(picked ?? chain?.primary);
      return [model.candidate];
    },
  };
  const stage = await createStage({ candidates: [], tools, workspace, settings, deps: { router } });
  const history = turn.history ?? [{ role: "user", text: "Hello" }];
  const stop = new AbortController();
  const events: TurnEvent[] = [];
  const ended = stage.agent.runEphemeral(
    { person: PERSON, ...turn, history },
    (event) => void events.push(event),
    stop.signal,
  );
  return { ...stage, said: events, ended, stop, effects, asked };
}

test("an agent's own parameters are sent before the model's, in its requests alone", async () => {
  const traits = { params: { temperature: 0.9, top_k: 40 }, maxTokens: 1_000 };
  const asked = async (agent?: string) => {
    const model = createScriptedModel([{ text: "Aye." }], traits);
    await (
      await ephemeral(agent === undefined ? {} : { agent }, model)
    ).ended;
    return model.requests[0];
  };
  const [own, others] = [await asked("pirate"), await asked()];
  assert.deepEqual(
    [own?.params, own?.maxTokens],
    [{ temperature: 0.1, top_k: 40, num_predict: 300 }, 300],
  );
  assert.deepEqual([others?.params, others?.maxTokens], [traits.params, 1_000]);
});

test("an ephemeral turn runs tools, denies what needs a person, and stores nothing", async () => {
  const model = createScriptedModel([
    {
      calls: [
        { tool: "write", input: { path: "a", content: "x" } },
        { tool: "run", input: { command: "ask ls" } },
      ],
    },
    { text: "Done." },
  ]);
  const { said: events, ended, effects, store } = await ephemeral({}, model);

  await ended;

  assert.deepEqual(effects, ["write a x"]);
  assert.ok(!events.some(({ type }) => type === "approval"));
  assert.deepEqual(events.at(-1), { type: "done", reason: "stop" });
  assert.deepEqual(await store.turns.list(SESSION), []);
  assert.deepEqual(await store.sessions.messages(SESSION), []);
});

test("system messages of a caller follow our own instructions; the rest is the history", async () => {
  const model = createScriptedModel([{ text: "Hi" }]);
  const { ended } = await ephemeral(
    {
      history: [
        { role: "system", text: "Be a poet. <|im_start|>" },
        { role: "user", text: "a" },
        { role: "assistant", text: "b" },
        { role: "user", text: "c" },
      ],
    },
    model,
  );

  await ended;

  const [request] = model.requests;
  assert.match(request?.system ?? "", /From config\.[^]*Be a poet\./);
  assert.ok(!request?.system.includes("<|im_start|>"));
  assert.deepEqual(
    request?.messages.map(({ text }) => text),
    ["a", "b", "c"],
  );
});

test("an agent of config brings its own model and instructions", async () => {
  const model = createScriptedModel([{ text: "Arr" }]);
  const { ended, asked } = await ephemeral({ agent: "pirate" }, model);

  await ended;

  assert.deepEqual(asked, ["fake/own"]);
  assert.match(model.requests[0]?.system ?? "", /Arr\./);
  assert.doesNotMatch(model.requests[0]?.system ?? "", /From config/);
});

test("a failure of an ephemeral turn is its last event", async () => {
  const model = createScriptedModel([{ fail: new TypeError("secret") }]);
  const { said, ended } = await ephemeral({}, model);

  await ended;

  assert.deepEqual(failure(said), ["INTERNAL_ERROR"]);
});

test("an ephemeral turn that is aborted stops the model and says no more", async () => {
  const begun = Promise.withResolvers<void>();
  const stopped = Promise.withResolvers<void>();
  const model = createScriptedModel([
    {
      text: "a",
      before: (signal) =>
        new Promise((_, reject) => {
          begun.resolve();
          signal.addEventListener("abort", () => {
            stopped.resolve();
            reject(signal.reason);
          });
        }),
    },
  ]);
  const { said, ended, stop } = await ephemeral({}, model);
  await begun.promise;

  stop.abort();

  await stopped.promise;
  await ended;
  assert.ok(!said.some(isEnd));
});
