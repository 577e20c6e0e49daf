import assert from "node:assert/strict";
import { test } from "node:test";

import { chooseModel, type Offer } from "./choose.ts";
import type { Model } from "../provider.ts";

const GIB = 1024 ** 3;
const MEMORY = { totalBytes: 32 * GIB, availableBytes: 20 * GIB };

const offer = (
  id: string,
  model: Partial<Model> = {},
  locality: Offer["locality"] = "device",
): Offer => ({
  ref: `ollama/${id}`,
  model: { id, locality: "unknown", tools: true, sizeBytes: 5 * GIB, ...model },
  locality,
  why: "a reason",
});

const chosen = (offers: Offer[], memory = MEMORY) => chooseModel(offers, memory).chosen?.model.id;

test("a loaded model comes first, though another is larger", () => {
  assert.equal(
    chosen([offer("large", { sizeBytes: 12 * GIB }), offer("loaded", { loaded: true })]),
    "loaded",
  );
});

test("then the largest that fits into free memory", () => {
  const offers = [
    offer("small", { sizeBytes: 2 * GIB }),
    offer("middle", { sizeBytes: 9 * GIB }),
    offer("tight", { sizeBytes: 20 * GIB }),
  ];

  assert.equal(chosen(offers), "middle");
});

test("a model that can call tools comes before a larger or loaded one that cannot", () => {
  const offers = [
    offer("chat", { tools: false, loaded: true, sizeBytes: 12 * GIB }),
    offer("tools"),
  ];

  assert.equal(chosen(offers), "tools");
});

test("a model too large for this machine is left out and the reason says how to take it", () => {
  const { chosen, rejected } = chooseModel([offer("70b", { sizeBytes: 40 * GIB })], MEMORY);

  assert.equal(chosen, undefined);
  assert.match(rejected[0]?.reason ?? "", /needs about 47 GiB .*isopod models use/);
});

test("security: nothing but what is proved to be on this device is ever chosen", () => {
  const elsewhere = (["lan", "mesh", "cloud", "unknown"] as const).map((locality) =>
    offer(locality, { loaded: true, sizeBytes: 10 * GIB }, locality),
  );

  assert.equal(chosen(elsewhere), undefined);
  assert.equal(chosen([...elsewhere, offer("mine", { sizeBytes: 1 * GIB })]), "mine");
  assert.equal(chooseModel(elsewhere, MEMORY).rejected.length, 4);
});

test("what only embeds is never chosen", () => {
  assert.equal(chosen([offer("nomic-embed-text", { chat: false })]), undefined);
});

test("the choice is explained in one sentence", () => {
  assert.equal(
    chooseModel([offer("a"), offer("b", { sizeBytes: 1 * GIB })], MEMORY).why,
    '"ollama/a" runs on this machine and was chosen because it fits into free memory, it can call tools and it is the largest of 2 that do',
  );
  assert.equal(chooseModel([], MEMORY).why, "no model server answers on this machine");
});

test("the order in which servers answered changes nothing", () => {
  const offers = [offer("b"), offer("a"), offer("c", { sizeBytes: 1 * GIB })];

  assert.equal(chosen(offers), "a");
  assert.equal(chosen(offers.toReversed()), "a");
});
