import assert from "node:assert/strict";
import { test } from "node:test";

import { createScriptedModel } from "../../../test/fakes/scripted-model.ts";
import { systemClock } from "../../base/clock.ts";
import { Fault } from "../../base/fault.ts";
import { silentLog } from "../../base/log.ts";
import type { ProbeEvent, Scorecard } from "../../protocol/scorecard.ts";
import { createStore } from "../../store/sqlite.ts";
import type { Candidate } from "../candidate.ts";
import { createScorecards } from "./cards.ts";
import { createProbing, type ProbingDeps } from "./probing.ts";
import { PROBE_TOOLS } from "./tasks.ts";

const never = new AbortController().signal;

function open(models: Record<string, Partial<Candidate> | Fault>, more: Partial<ProbingDeps> = {}) {
  const kept: Scorecard[] = [];
  const probing = createProbing({
    clock: systemClock,
    prompt: () => ({ system: "", tools: PROBE_TOOLS }),
    newCallId: () => "id",
    newSeed: () => 1,
    async find(ref = "fake/a") {
      const traits = models[ref];
      if (!traits) throw new Fault("MODEL_MISSING", { provider: "fake", model: ref });
      if (traits instanceof Fault) throw traits;
      return createScriptedModel(() => ({ text: "hello" }), { ref, ...traits }).candidate;
    },
    refs: async () => Object.keys(models),
    cards: { put: async (card) => void kept.push(card) },
    log: silentLog,
    ...more,
  });
  const run = (order: object, signal = never): Promise<ProbeEvent[]> =>
    Array.fromAsync(probing.run(order, signal));
  return { probing, run, kept };
}

const types = (events: readonly ProbeEvent[]) =>
  events.map((event) => (event.type === "failed" ? event.code : event.type)).filter(notProgress);
const notProgress = (type: string) => type !== "progress";

test("a named model is measured and its card kept; without a name the one that answers now", async () => {
  const { run, kept } = open({ "fake/a": {}, "fake/b": {} });

  assert.deepEqual(types(await run({ model: "fake/b" })), ["scorecard", "end"]);
  await run({});
  assert.deepEqual(
    kept.map(({ ref }) => ref),
    ["fake/b", "fake/a"],
  );
});

test("a model that may cost money is refused before anything is sent to it, but with `paid`", async () => {
  for (const locality of ["cloud", "unknown"] as const) {
    const { run, kept } = open({ "fake/a": { locality } });

    await assert.rejects(run({}), { code: "MODEL_PROBE_COSTS" });
    assert.equal(kept.length, 0);
    assert.deepEqual(types(await run({ paid: true })), ["scorecard", "end"]);
  }
});

test("with `all` one that cannot be measured does not keep the others from it", async () => {
  const down = new Fault("MODEL_UNREACHABLE", { provider: "b", url: "http://b.test" });
  const { run, kept } = open({ "fake/a": {}, "b/x": down, "fake/c": { locality: "cloud" } });
  const events = await run({ all: true });

  assert.deepEqual(types(events), ["scorecard", "MODEL_UNREACHABLE", "MODEL_PROBE_COSTS", "end"]);
  assert.deepEqual(events.at(-1), { type: "end", measured: 1, failed: 2 });
  assert.equal(kept.length, 1);
});

test("two at once are not measured", async () => {
  const { probing, run } = open({ "fake/a": {} });
  const first = probing.run({}, never);
  await first.next();

  await assert.rejects(run({}), { code: "MODEL_PROBE_RUNNING" });
  await first.return(undefined);
  assert.deepEqual(types(await run({})), ["scorecard", "end"]);
});

test("whoever stops reading, or aborts, leaves no card", async () => {
  const { probing, run, kept } = open({ "fake/a": {} });
  for await (const _ of probing.run({}, never)) break;
  const stop = new AbortController();
  stop.abort(new Error("enough"));
  await assert.rejects(run({}, stop.signal), /enough/);

  assert.equal(kept.length, 0);
});

test("cards outlive the process, and one that cannot be read is passed over", async () => {
  const store = await createStore({ folder: ":memory:", clock: systemClock });
  const cards = await createScorecards(store.scorecards, silentLog);
  const { run } = open({ "fake/a": {} }, { cards });
  await run({});
  await store.scorecards.put({ server: "s", digest: "d", measuredAt: 1, card: "{" });

  const again = await createScorecards(store.scorecards, silentLog);
  const { candidate } = createScriptedModel([]);
  assert.equal(again.of("http://fake.test", candidate.model)?.ref, "fake/a");
  assert.equal(again.of("http://fake.test/v1", candidate.model)?.ref, "fake/a");
  assert.equal(again.of("http://other.test", candidate.model), undefined);
  assert.equal(again.of("http://fake.test", { ...candidate.model, digest: "new" }), undefined);
  assert.equal(again.list().length, 1);
  await store.close();
});
