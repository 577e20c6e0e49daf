/** The gateway is killed after each write to its store while the real tools change real files. */

import assert from "node:assert/strict";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

import {
  addSession,
  createManualClock,
  createStage,
  isEnd,
  PERSON,
  SESSION,
} from "../../test/fakes/agent-stage.ts";
import { createMortal } from "../../test/fakes/mortal.ts";
import { type Answer, createScriptedModel } from "../../test/fakes/scripted-model.ts";
import type { ChatRequest } from "../models/provider.ts";
import { sandboxSetting } from "../sandbox/settings.ts";
import { createStore } from "../store/sqlite.ts";
import type { Store } from "../store/store.ts";
import { createTools } from "../tools/tools.ts";
import { createWorkspace } from "../tools/workspace-folder.ts";

const tools = createTools({ sandbox: sandboxSetting.schema.parse({}) });

/** An edit that would show if it were made twice, and a memory that would stand there twice. */
function answer({ messages }: ChatRequest): Answer {
  const steps: Answer[] = [
    { calls: [{ id: "1", tool: "write", input: { path: "list.txt", content: "milk\n" } }] },
    {
      calls: [
        { id: "2", tool: "edit", input: { path: "list.txt", old: "milk", new: "milk, milk" } },
      ],
    },
    { calls: [{ id: "3", tool: "remember", input: { text: "Likes milk" } }] },
    { text: "Done." },
  ];
  return steps[messages.filter(({ role }) => role === "tool").length] ?? {};
}

async function live(store: Store, folder: string, lifetime: number, sent: boolean) {
  const clock = createManualClock();
  const mortal = createMortal(store, tools, lifetime);
  const workspace = await createWorkspace(folder);
  const { candidate } = createScriptedModel(answer);
  const stage = await createStage({
    candidates: [candidate],
    clock,
    workspace,
    store: mortal.store,
    tools: mortal.tools,
  });
  const life = async () => {
    await stage.agent.resume();
    if (!sent) {
      await stage.agent.submit({ person: PERSON, session: SESSION, text: "milk", attended: false });
    }
    await stage.until(({ event }) => isEnd(event));
    return true;
  };
  return Promise.race([life(), mortal.died.then(() => false)]);
}

test("killed at any step, files and memories are as if nothing had been", async () => {
  const root = await mkdtemp(join(tmpdir(), "isopod-crash-"));
  try {
    let ended = false;
    let lifetime = 0;
    for (; !ended; lifetime++) {
      const folder = join(root, `${lifetime}`);
      const clock = createManualClock();
      const store = await createStore({ folder: ":memory:", clock });
      await addSession(store, clock);
      ended = await live(store, folder, lifetime, false);
      const sent = (await store.turns.list(SESSION)).length > 0;
      if (!ended) assert.ok(await live(store, folder, Infinity, sent));

      const label = `killed after ${lifetime} steps`;
      assert.equal(await readFile(join(folder, "list.txt"), "utf8"), "milk, milk\n", label);
      assert.equal((await store.memories.list(PERSON)).length, 1, label);
      const messages = (await store.sessions.messages(SESSION)).map(({ message }) => message);
      assert.equal(messages.filter(({ role }) => role === "tool").length, 3, label);
      assert.ok(
        messages.every((message) => message.role !== "tool" || message.ok),
        label,
      );
      assert.equal(messages.at(-1)?.text, "Done.", label);
      await store.close();
    }
    assert.ok(lifetime > 20, `${lifetime} lives`);
  } finally {
    await rm(root, { recursive: true });
  }
});
