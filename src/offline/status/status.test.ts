import assert from "node:assert/strict";
import { test } from "node:test";

import type { Locality } from "../../protocol/event.ts";
import type { PlanItem } from "../plan.ts";
import type { NeededModel } from "../kinds/needed.ts";
import { describeStatus, type Live, type StatusFacts } from "./status.ts";

const needed = (ref: string, locality: Locality): NeededModel => ({
  ref,
  provider: "p",
  model: "m",
  product: "ollama",
  locality,
  baseUrl: "",
});

const item = (ref: string, state: PlanItem["state"], locality: Locality): PlanItem => ({
  id: `ollama:${ref}`,
  kind: "ollama",
  title: ref,
  ref,
  state,
  locality,
  why: "for a test",
  fix: `isopod models pull ${ref}`,
});

const facts = (change: Partial<StatusFacts> = {}): StatusFacts => ({
  live: undefined,
  capped: false,
  needed: [needed("ollama/a", "device")],
  plan: [item("ollama/a", "here", "device")],
  lastBundle: undefined,
  lastDrill: undefined,
  restoring: false,
  ...change,
});

const live = (usable: boolean): Live => ({
  mode: "private",
  model: null,
  sandbox: { ok: false, name: "none", reason: "bwrap is missing" },
  models: [{ ref: "ollama/a", locality: "device", usable }],
});

const works = (given: StatusFacts) =>
  Object.fromEntries(describeStatus(given).features.map(({ id, works }) => [id, works]));

test("with its model here a config is ready, and what needs the internet is not promised", () => {
  const report = describeStatus(facts());
  assert.equal(report.ready, true);
  const found = works(facts());
  assert.deepEqual(
    [found["chat"], found["model:ollama/a"], found["download"], found["web"], found["pairing"]],
    ["yes", "yes", "no", "no", "yes"],
  );
  for (const { works, alternative, feature } of report.features)
    if (works !== "yes") assert.ok(alternative, `${feature} says what to do instead`);
});

test("a model that is missing makes a config not ready, and is told with its command", () => {
  const report = describeStatus(facts({ plan: [item("ollama/a", "missing", "device")] }));
  assert.equal(report.ready, false);
  assert.equal(report.missing[0]?.fix, "isopod models pull ollama/a");
});

test("a GGUF file without its engine answers nothing", () => {
  const plan: PlanItem[] = [
    { ...item("embedded/a", "here", "embedded"), kind: "gguf" },
    { id: "engine", kind: "engine", title: "engine", state: "missing", why: "", fix: "install it" },
  ];
  const given = facts({ needed: [needed("embedded/a", "embedded")], plan });
  assert.deepEqual([works(given)["chat"], works(given)["model:embedded/a"]], ["no", "no"]);
});

test("a cloud model has a local one as its alternative, where the chain has one", () => {
  const given = facts({
    needed: [needed("anthropic/x", "cloud"), needed("ollama/a", "device")],
    plan: [item("anthropic/x", "elsewhere", "cloud"), item("ollama/a", "here", "device")],
  });
  const cloud = describeStatus(given).features.find(({ id }) => id === "cloud");
  assert.match(cloud?.alternative ?? "", /ollama\/a answers instead/);
  const alone = facts({
    needed: [needed("anthropic/x", "cloud")],
    plan: [item("anthropic/x", "elsewhere", "cloud")],
  });
  assert.equal(works(alone)["chat"], "no");
});

test("a model of another machine works as far as that machine can be reached", () => {
  const given = facts({
    needed: [needed("ollama/b", "mesh")],
    plan: [item("ollama/b", "elsewhere", "mesh")],
  });
  assert.deepEqual([works(given)["chat"], works(given)["mesh"]], ["partly", "partly"]);
});

test("what a running gateway sees is believed: a server that is down, a sandbox that is off", () => {
  assert.equal(works(facts({ live: live(true) }))["chat"], "yes");
  const down = works(facts({ live: live(false) }));
  assert.deepEqual([down["chat"], down["model:ollama/a"], down["run"]], ["no", "partly", "no"]);
});
