/** What fallbacks do and never do, with the true router, store and dialects. The numbers are of openclaw#47705. */

import assert from "node:assert/strict";
import { test, type TestContext } from "node:test";

import {
  createCountingTools,
  createManualClock,
  createMemoryWorkspace,
  createStage,
  failure,
  notes,
  PERSON,
  SESSION,
} from "../../test/fakes/agent-stage.ts";
import type { Script } from "../../test/fakes/model-server.ts";
import { startOllama } from "../../test/fakes/ollama.ts";
import { createTestRouter, signal } from "../../test/fakes/router.ts";
import type { Mode } from "../protocol/event.ts";

const MODELS = [{ name: "m", contextTokens: 16_384 }];
const says = (text: string): Script => ({ models: MODELS, otherwise: [{ text }] });
const broken: Script = {
  models: MODELS,
  otherwise: [{ status: 500, body: '{"error":"no memory"}' }],
};

type Given = {
  servers: Record<string, Script>;
  more?: Record<string, object>;
  primary: string;
  fallbacks: string[];
  mode?: Mode;
};

/** Servers by provider id, a router over them, and an agent over that. */
async function create(t: TestContext, { servers, more = {}, primary, fallbacks, mode }: Given) {
  const started: Record<string, Awaited<ReturnType<typeof startOllama>>> = {};
  const providers: Record<string, object> = {};
  for (const [id, script] of Object.entries(servers)) {
    const server = await startOllama(script);
    t.after(() => server.close());
    started[id] = server;
    providers[id] = { api: "ollama", baseUrl: server.url, ...more[id] };
  }
  for (const [id, provider] of Object.entries(more)) providers[id] ??= provider;
  const made = createTestRouter({
    models: { mode: "replace", providers },
    chain: { primary, fallbacks },
    ...(mode && { mode }),
  });
  const workspace = createMemoryWorkspace();
  const { tools, effects } = createCountingTools(workspace);
  const { router } = made;
  const stage = await createStage({ candidates: [], tools, workspace, deps: { router } });
  const answers = async () =>
    (await stage.messages()).flatMap((message) =>
      message.role === "assistant" ? message.text : [],
    );
  const asked = (id: string) => started[id]?.chats().length ?? 0;
  return { ...made, ...stage, routerClock: made.clock, effects, servers: started, answers, asked };
}

const FAILURES: Record<string, { script?: Script; provider?: object; waitMs?: number }> = {
  "a refused connection": { provider: { api: "ollama", baseUrl: "http://127.0.0.1:1" } },
  "a name that nobody knows": {
    provider: { api: "ollama", baseUrl: "http://nobody.invalid.lan:1" },
  },
  "a server that is silent": {
    script: { models: MODELS, otherwise: [{ hang: true }] },
    provider: { timeoutSeconds: 2 },
    waitMs: 4_000,
  },
  "an error of the server": { script: broken },
  "a model that is not there": { script: { models: [{ name: "another" }] } },
};

for (const [what, { script, provider, waitMs = 0 }] of Object.entries(FAILURES)) {
  test(`47705 (d): ${what} lets the next one answer`, async (t) => {
    const { say, answers, events, routerClock } = await create(t, {
      servers: { ...(script && { big: script }), small: says("from the small one") },
      ...(provider && { more: { big: provider } }),
      primary: "big/m",
      fallbacks: ["small/m"],
    });
    const over = new AbortController();
    const said = say("hello").finally(() => over.abort());
    while (!over.signal.aborted) {
      await routerClock.advance(waitMs);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    await said;

    assert.deepEqual(await answers(), ["from the small one"]);
    assert.deepEqual(notes(events()), ["MODEL_SWITCHED"]);
  });
}

test("47705 (e): a conversation that is too long is shortened, and no other model is asked", async (t) => {
  const tooLong = { status: 400, body: '{"error":"context length exceeded"}' };
  const { say, events, asked } = await create(t, {
    servers: {
      big: {
        models: MODELS,
        turns: [
          [{ text: "one" }],
          [{ text: "two" }],
          [tooLong],
          [{ text: "summary" }],
          [{ text: "three" }],
        ],
      },
      small: says("never"),
    },
    primary: "big/m",
    fallbacks: ["small/m"],
  });
  for (const text of ["1", "2", "3"]) await say(text);

  assert.deepEqual(notes(events()), ["CONTEXT_COMPACTED"]);
  assert.deepEqual(failure(events()), []);
  assert.equal(asked("small"), 0);
});

test("47705 (f): no server outside of the chain is ever asked", async (t) => {
  const { say, events, servers } = await create(t, {
    servers: { big: broken, small: broken, other: says("never") },
    primary: "big/m",
    fallbacks: ["small/m"],
  });
  for (let turn = 0; turn < 4; turn++) await say("hello");

  assert.equal(failure(events()).length, 4);
  assert.deepEqual(servers["other"]?.requests, []);
});

test("47705 (g): a model that a person picked is answered by no other, and the fault says how to go on", async (t) => {
  const { say, store, clock, events, asked, messages } = await create(t, {
    servers: { big: broken, small: says("never") },
    primary: "small/m",
    fallbacks: [],
  });
  await store.sessions.update(PERSON, SESSION, { model: "big/m", updatedAt: clock.now() });
  await say("hello");

  assert.equal(asked("small"), 0);
  const end = events().at(-1);
  assert.ok(end?.type === "failed");
  assert.match(end.fix, new RegExp(`isopod chat --session ${SESSION} --model auto`));
  assert.ok((await messages()).every(({ role }) => role === "user"));
});

test("47705 (i): another choice of model leaves the fallbacks as they are", async (t) => {
  const { router, say, answers } = await create(t, {
    servers: { big: says("big"), small: says("small"), third: broken },
    primary: "big/m",
    fallbacks: ["small/m"],
  });
  await router.use("third/m", signal());
  await say("hello");
  assert.deepEqual(await answers(), ["small"]);
  await router.use("auto", signal());
  const refs = (await router.route({}, signal())).map(({ ref }) => ref);
  assert.deepEqual(refs, ["big/m", "small/m"]);
});

test("47705 (j): what a tool did is not done again by the one that goes on", async (t) => {
  const { say, effects, answers, asked } = await create(t, {
    servers: {
      big: {
        models: MODELS,
        turns: [[{ call: "run", arguments: '{"command":"once"}' }]],
        otherwise: [{ cut: true }],
      },
      small: says("done"),
    },
    primary: "big/m",
    fallbacks: ["small/m"],
  });
  await say("do it");

  assert.deepEqual(effects, ["run once"]);
  assert.equal((await answers()).at(-1), "done");
  assert.equal(asked("small"), 1);
});

const CLOUD = { locality: "cloud" };

test("cloud first with a local net: where the mode masks the cloud, the local one answers and the note says how to allow it", async (t) => {
  const { say, events, answers, servers, state } = await create(t, {
    servers: { far: says("from afar"), near: says("from here") },
    more: { far: CLOUD },
    primary: "far/m",
    fallbacks: ["near/m"],
  });
  await say("hello");
  assert.deepEqual(await answers(), ["from here"]);
  assert.deepEqual(servers["far"]?.requests, []);
  const note = events().find((event) => event.type === "note");
  assert.ok(note?.type === "note" && /mode private/.test(note.text));

  await say("again"); // told once, not with each message
  assert.deepEqual(notes(events()), ["MODEL_SWITCHED"]);

  state.mode = "internet";
  await say("and now");
  assert.equal((await answers()).at(-1), "from afar");
  assert.deepEqual(notes(events()), ["MODEL_SWITCHED", "MODEL_RECOVERED"]);
});

test("local first with a cloud net: the cloud is asked only where the chain names it and the mode allows", async (t) => {
  const given = {
    servers: { near: broken, far: says("from afar") },
    more: { far: CLOUD },
    primary: "near/m",
    fallbacks: ["far/m"],
  };
  const masked = await create(t, given);
  await masked.say("hello");
  assert.deepEqual(failure(masked.events()), ["MODEL_REFUSED"]);
  assert.deepEqual(masked.servers["far"]?.requests, []);

  const open = await create(t, { ...given, mode: "internet" });
  await open.say("hello");
  assert.deepEqual(await open.answers(), ["from afar"]);

  const unnamed = await create(t, { ...given, mode: "internet", fallbacks: [] });
  await unnamed.say("hello");
  assert.deepEqual(failure(unnamed.events()), ["MODEL_REFUSED"]);
  assert.deepEqual(unnamed.servers["far"]?.requests, []);
});

test("security: what is said in a private session reaches no cloud model, in any mode, by no way", async (t) => {
  const canary = "canary-3141592";
  const given = {
    servers: { near: broken, far: says("from afar") },
    more: { far: CLOUD },
    primary: "near/m",
    fallbacks: ["far/m"],
    mode: "internet" as const,
  };
  const { store, agent, until, events, servers, clock, router } = await create(t, given);
  const at = clock.now();
  const secret = { id: "ses_secret", owner: PERSON, title: "", private: true };
  await store.sessions.create({ ...secret, createdAt: at, updatedAt: at });
  const sent = await agent.submit({
    person: PERSON,
    session: secret.id,
    text: canary,
    attended: true,
  });
  await until(({ turn, event }) => turn === sent.turn && event.type === "failed");
  await assert.rejects(router.route({ picked: "far/m", private: true }, signal()), {
    code: "MODEL_SESSION_PRIVATE",
  });
  assert.ok(!JSON.stringify(servers["far"]?.requests).includes(canary));
  assert.deepEqual(failure(events()), ["MODEL_REFUSED"]);

  // The control: without the mark it does get there.
  const control = await create(t, given);
  await control.say(canary);
  assert.ok(JSON.stringify(control.servers["far"]?.requests).includes(canary));
});

test("a fallback with a smaller window gets a shortened conversation, for this turn only", async (t) => {
  const long = "word ".repeat(900);
  const small = { name: "m", contextTokens: 4_096 };
  const { say, store, servers, notesOf } = withNotes(
    await create(t, {
      servers: {
        big: { models: MODELS, otherwise: [{ text: long }] },
        small: { models: [small], otherwise: [{ text: "short" }] },
      },
      more: { small: { models: { m: { contextWindow: 4_096 } } } },
      primary: "big/m",
      fallbacks: ["small/m"],
    }),
  );
  for (let turn = 0; turn < 3; turn++) await say(long);
  servers["big"]?.play(broken);
  const { turn } = await say("and now?");
  assert.deepEqual(await notesOf(turn), ["MODEL_SWITCHED"]);
  const shortened = servers["small"]?.chats().at(-1) ?? "";
  assert.ok(Buffer.byteLength(shortened) < 4_096 * 5, "it fits");

  servers["big"]?.play(says("whole again"));
  await say("go on");
  assert.equal((await store.sessions.epoch(SESSION))?.number, 1); // nothing of it lasted
  assert.ok(Buffer.byteLength(servers["big"]?.chats().at(-1) ?? "") > 25_000);
});

const withNotes = <S extends Awaited<ReturnType<typeof create>>>(stage: S) => ({
  ...stage,
  notesOf: async (turn: string) =>
    (await stage.store.turns.get(turn))?.notes?.map(({ code }) => code) ?? [],
});

test("a turn that is taken up after a restart waits for a server that is still starting", async (t) => {
  const { store, clock, router, servers } = await create(t, {
    servers: { big: says("I am up") },
    more: { down: { api: "ollama", baseUrl: "http://127.0.0.1:1" } },
    primary: "big/m",
    fallbacks: [],
  });
  const at = clock.now();
  const turn = {
    id: "turn_cut",
    session: SESSION,
    owner: PERSON,
    state: "running",
    attended: false,
    createdAt: at,
  } as const;
  const message = { role: "user", text: "hello" } as const;
  await store.turns.open(turn, { id: "msg_cut", session: SESSION, turn: turn.id, at, message });
  let tries = 0;
  const starting = {
    route: async (...args: Parameters<typeof router.route>) => {
      tries += 1;
      if (tries > 3) return router.route(...args);
      return router.route({ picked: "down/m" }, args[1]);
    },
  };
  const own = createManualClock();
  const { agent, seen } = await createStage({
    candidates: [],
    store,
    clock: own,
    deps: { router: starting },
  });
  await agent.resume();
  while (!seen.some(({ event }) => event.type === "done" || event.type === "failed")) {
    own.advance(2_000);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  assert.equal(seen.at(-1)?.event.type, "done");
  assert.ok(
    seen.some(
      ({ event }) => event.type === "waiting" && /waiting for the model server/.test(event.text),
    ),
  );
  assert.equal(servers["big"]?.chats().length, 1);
});
