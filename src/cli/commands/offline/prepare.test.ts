import assert from "node:assert/strict";
import { test } from "node:test";

import { Fault } from "../../../base/fault.ts";
import { createTestTerminal } from "../../../../test/fakes/terminal.ts";
import type { PlanItem } from "../../../offline/plan.ts";
import type { Call } from "../../command.ts";
import { offlinePrepare } from "./prepare.ts";

const item = (ref: string, state: PlanItem["state"], more: Partial<PlanItem> = {}): PlanItem => ({
  id: `ollama:${ref}`,
  kind: "ollama",
  title: ref,
  ref,
  state,
  why: "for a test",
  ...more,
});

type World = { mode?: string; offline?: boolean; tools?: string; fails?: string };

/** A gateway that fetches what it is asked for, and measures each model as told. */
function call(plan: PlanItem[], { mode = "internet", offline = false, tools, fails }: World) {
  const did: string[] = [];
  const terminal = createTestTerminal();
  const client = {
    status: async () => ({ mode }),
    config: async () => ({ values: [{ path: "offline", value: offline, origin: "" }] }),
    models: async () => ({ models: [] }),
    async *pullModel({ name, server }: { name: string; server?: string }) {
      did.push(`pull ${server} ${name}`);
      if (name === fails)
        throw new Fault("MODEL_PULL_FAILED", { provider: "ollama", name, detail: "gone" });
      yield { type: "progress", text: "pulling" };
      yield { type: "done", ref: `ollama/${name}`, seconds: 1 };
    },
    async *probeModel({ model }: { model: string }) {
      did.push(`probe ${model}`);
      if (tools === undefined) throw new Fault("MODEL_NONE", { why: "nobody answers" });
      yield { type: "scorecard", scorecard: { mode: tools, why: "as measured" } };
    },
  };
  const host = {
    offline: async () => ({ glance: () => plan }),
    withGateway: (work: (client: unknown) => Promise<unknown>) => work(client),
  };
  const { signal } = new AbortController();
  const within = (work: (signal: AbortSignal) => Promise<unknown>) => work(signal);
  const given = { args: [], options: { json: true }, host, terminal, within, signal };
  const run = () => offlinePrepare.run(given as unknown as Call); // as much of a call as the command uses
  return { run, did, last: () => JSON.parse(terminal.out().trim().split("\n").at(-1) ?? "{}") };
}

test("what is missing is fetched by its own server, and counts once it has shown that it calls tools", async () => {
  const plan = [
    item("ollama/a:1b", "missing"),
    item("ollama/b", "here"),
    item("cloud/c", "elsewhere"),
  ];
  const { run, did, last } = call(plan, { tools: "native" });
  assert.equal(await run(), 0);
  assert.deepEqual(did, ["pull ollama a:1b", "probe ollama/a:1b", "probe ollama/b"]);
  assert.deepEqual(
    last().outcomes.map(({ state, tools }: Record<string, string>) => [state, tools]),
    [
      ["fetched", "native"],
      ["here", "native"],
    ],
  );
});

test("a model that can only chat, or that could not be measured, does not count", async () => {
  for (const world of [{ tools: "chat" }, {}]) {
    const { run, last } = call([item("ollama/a", "here")], world);
    assert.equal(await run(), 1);
    assert.equal(last().ok, false);
  }
});

test("nothing is fetched but in mode internet; what is here is looked at in any", async () => {
  const refused = call([item("ollama/a", "missing")], { mode: "private", tools: "native" });
  await assert.rejects(
    refused.run(),
    (error: unknown) => (error as Fault).code === "OFFLINE_PREPARE_MODE",
  );
  assert.deepEqual(refused.did, []);
  const capped = call([item("ollama/a", "missing")], { mode: "private", offline: true });
  await assert.rejects(capped.run(), (error: unknown) =>
    /`offline` to false/.test((error as Fault).fix),
  );
  const here = call([item("ollama/a", "here")], { mode: "private", tools: "native" });
  assert.equal(await here.run(), 0);
});

test("one that cannot be fetched is told, and the rest goes on", async () => {
  const plan = [item("ollama/gone", "missing"), item("ollama/a", "missing")];
  const { run, did, last } = call(plan, { tools: "native", fails: "gone" });
  assert.equal(await run(), 1);
  assert.deepEqual(did, ["pull ollama gone", "pull ollama a", "probe ollama/a"]);
  assert.match(last().outcomes[0].why, /MODEL_PULL_FAILED/);
});
