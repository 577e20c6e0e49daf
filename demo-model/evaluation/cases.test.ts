import assert from "node:assert/strict";
import { test } from "node:test";

import { createCases, spread } from "./cases.ts";
import { readHeldOut } from "./held-out.ts";
import { GOALS, isReached } from "./goals.ts";

const heldOut = readHeldOut();

test("an evaluation has 500 tasks, of which 200 are Korean, and 200 prompts that are out of scope", () => {
  const cases = createCases(1, heldOut);
  const tasks = cases.filter(({ group }) => group !== "talk" && group !== "out of scope");
  assert.equal(tasks.length, 500);
  assert.equal(tasks.filter(({ language }) => language === "ko").length, 200);
  assert.equal(cases.filter(({ group }) => group === "out of scope").length, 200);
  const asked = new Set(cases.map(({ kind, language, prompt }) => `${kind} ${language} ${prompt}`));
  assert.ok(asked.size > 650, "prompts differ, but for those without a slot");
});

test("the same seed makes the same cases, and another makes others", () => {
  assert.deepEqual(createCases(7, heldOut), createCases(7, heldOut));
  assert.notDeepEqual(createCases(7, heldOut), createCases(8, heldOut));
});

test("a group alone has the cases that it has among the others", () => {
  const all = createCases(3, heldOut).filter(({ group }) => group === "run");
  assert.deepEqual(createCases(3, heldOut, "run"), all);
});

test("every held-out class of phrasings is used", () => {
  const kinds = new Set(createCases(1, heldOut).map(({ kind }) => kind));
  assert.deepEqual(kinds, new Set(Object.keys(heldOut.phrasings)));
});

test("a sample has every group in both languages", () => {
  const sample = spread(createCases(1, heldOut), 100);
  assert.equal(sample.length, 100);
  const sets = new Set(sample.map(({ group, language }) => `${group} ${language}`));
  assert.equal(sets.size, 18);
});

test("a goal is a share of a whole evaluation; a sample may be one prompt off", () => {
  assert.equal(isReached(GOALS.find, 78, 80, false), true);
  assert.equal(isReached(GOALS.find, 77, 80, false), false);
  assert.equal(isReached(GOALS.find, 11, 12, false), false);
  assert.equal(isReached(GOALS.find, 11, 12, true), true);
  assert.equal(isReached(GOALS.find, 10, 12, true), false);
  assert.equal(isReached(GOALS.unwanted, 2, 200, false), true);
  assert.equal(isReached(GOALS.unwanted, 3, 200, false), false);
});
