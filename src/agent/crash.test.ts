/**
 * The gateway is killed after each single write and effect of a conversation, and started again on what
 * it left. Nothing that was acknowledged is lost, nothing runs twice, and the history is well-formed.
 */

import assert from "node:assert/strict";
import { test } from "node:test";

import {
  addSession,
  createCountingTools,
  createManualClock,
  createMemoryWorkspace,
  createStage,
  isEnd,
  PERSON,
  SESSION,
} from "../../test/fakes/agent-stage.ts";
import { createMortal } from "../../test/fakes/mortal.ts";
import { type Answer, createScriptedModel } from "../../test/fakes/scripted-model.ts";
import type { ChatRequest } from "../models/provider.ts";
import type { Message } from "../protocol/message.ts";
import { createStore } from "../store/sqlite.ts";

const TEXTS = ["write milk, then run it", "and once more"];
const KEYS = ["key-of-the-first", "key-of-the-second"];

/** Answers by what the request holds, so that it says the same after a crash as before. */
function answer({ messages }: ChatRequest): Answer {
  const start = messages.findLastIndex(({ role }) => role === "user");
  const turn = messages.filter(({ role }) => role === "user").length;
  const results = messages.slice(start).filter(({ role }) => role === "tool").length;
  if (results === 0) {
    return {
      text: "First I write.",
      calls: [
        { id: `w${turn}`, tool: "write", input: { path: `${turn}.txt`, content: "milk" } },
        { id: `r${turn}`, tool: "read", input: { path: `${turn}.txt` } },
        { id: `R${turn}`, tool: "read", input: { path: "none.txt" } },
      ],
    };
  }
  if (results === 3) {
    return { calls: [{ id: `x${turn}`, tool: "run", input: { command: `job ${turn}` } }] };
  }
  return { text: `Done ${turn}.` };
}

async function createWorld() {
  const clock = createManualClock();
  const store = await createStore({ folder: ":memory:", clock });
  await addSession(store, clock);
  const workspace = createMemoryWorkspace();
  return { clock, store, workspace, ...createCountingTools(workspace) };
}

type World = Awaited<ReturnType<typeof createWorld>>;

/** One life of the gateway. Returns whether it got to the end, and what its client was promised. */
async function live(world: World, lifetime: number, acknowledged: Set<number>) {
  const mortal = createMortal(world.store, world.tools, lifetime);
  const { candidate } = createScriptedModel(answer);
  const { clock, workspace } = world;
  const { store, tools } = mortal;
  const stage = await createStage({ candidates: [candidate], clock, workspace, store, tools });
  const life = async () => {
    await stage.agent.resume();
    for (const [at, text] of TEXTS.entries()) {
      // A client sends again what was not acknowledged, under the same key.
      if (acknowledged.has(at)) continue;
      const key = KEYS[at] ?? "";
      await stage.agent.submit({ person: PERSON, session: SESSION, text, key, attended: false });
      acknowledged.add(at);
    }
    for (;;) {
      const turns = await store.turns.list(SESSION);
      if (turns.length === TEXTS.length && turns.every(({ state }) => state === "done"))
        return true;
      const open = turns.find(({ state }) => state !== "done");
      await stage.until(({ turn, event }) => turn === open?.id && isEnd(event));
    }
  };
  const ended = await Promise.race([life(), mortal.died.then(() => false)]);
  return { ended, steps: mortal.steps() };
}

async function check({ store, effects }: World, label: string): Promise<void> {
  const messages = (await store.sessions.messages(SESSION)).map(({ message }) => message);
  assert.deepEqual(
    messages.filter(({ role }) => role === "user").map(({ text }) => text),
    TEXTS,
    `${label}: each message is there once`,
  );
  for (const effect of effects) {
    assert.equal(
      effects.filter((other) => other === effect).length,
      1,
      `${label}: ${effect} twice`,
    );
  }
  const results = messages.filter((message) => message.role === "tool");
  const calls = messages.flatMap((message) =>
    message.role === "assistant" ? message.toolCalls : [],
  );
  assert.deepEqual(
    results.map(({ callId }) => callId).toSorted(),
    calls.map(({ id }) => id).toSorted(),
    `${label}: each call has one result`,
  );
  for (const turn of [1, 2]) {
    assert.ok(effects.includes(`write ${turn}.txt milk`), `${label}: write ${turn} is reconciled`);
    const ran = effects.includes(`run job ${turn}`);
    const result = results.find(({ callId }) => callId === `x${turn}`);
    // A run has no way to tell afterwards: it took place, or the model is told that it may have.
    assert.ok(result?.ok ? ran : /may have taken effect/.test(result?.text ?? ""), `${label}: run`);
    assert.ok(texts(messages).includes(`Done ${turn}.`), `${label}: turn ${turn} is answered`);
  }
}

const texts = (messages: readonly Message[]) =>
  messages.filter(({ role }) => role === "assistant").map(({ text }) => text);

test("killed at any step, a conversation ends as if nothing had been", async () => {
  let killed = 0;
  for (let lifetime = 0; ; lifetime++) {
    const world = await createWorld();
    const acknowledged = new Set<number>();
    const first = await live(world, lifetime, acknowledged);
    if (!first.ended) {
      killed += 1;
      assert.ok((await live(world, Infinity, acknowledged)).ended);
    }
    await check(world, `killed after ${lifetime} steps`);
    if (first.ended) break;
  }
  // Two turns of nine writes and effects each at the least: else this test looks at nothing.
  assert.ok(killed > 30, `${killed} kills`);
});

test("killed again and again while it resumes, it still gets there, and nothing runs twice", async () => {
  for (const lifetime of [1, 2, 3, 5, 8, 13]) {
    const world = await createWorld();
    const acknowledged = new Set<number>();
    let lives = 0;
    while (!(await live(world, lifetime + lives, acknowledged)).ended) lives += 1;
    await check(world, `lives of ${lifetime} steps and more`);
  }
});

test("a kill that forgets the journal would be seen: the control runs a job twice", async () => {
  const world = await createWorld();
  const acknowledged = new Set<number>();
  const forgetful = {
    ...world,
    store: {
      ...world.store,
      journal: { ...world.store.journal, get: async () => undefined, start: async () => {} },
    },
  };
  for (let lifetime = 1; lifetime < 60; lifetime++) {
    if ((await live(forgetful, lifetime, acknowledged)).ended) break;
  }
  assert.ok(new Set(world.effects).size < world.effects.length);
});
