/** What is held out of training is enough, is well formed, and occurs nowhere in the training stock. */

import assert from "node:assert/strict";
import { execFile, spawnSync } from "node:child_process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

import { readHeldOut, Stock, toComparable } from "./evaluation/held-out.ts";

const STOCK = fileURLToPath(new URL("train/stock.py", import.meta.url));
const STOCK_BYTES = 64 * 1024 * 1024; // thirty thousand phrasings

const heldOut = readHeldOut();

const phrasingsOf = ({ phrasings }: Stock): string[] =>
  Object.values(phrasings).flatMap(({ en, ko }) => [...en, ...ko]);

/** The two name their slots differently; a slot is a slot. */
const comparable = (stock: Stock) =>
  new Set(phrasingsOf(stock).map((one) => toComparable(one.replaceAll(/\{\w+\}/g, "{f}"))));

/** Held out and trained on all the same. */
function shared(held: Stock, trained: Stock): string[] {
  const words = (list: readonly string[]) => new Set(list.map((one) => one.toLowerCase()));
  const sets = [
    [words(held.words), words(trained.words)],
    [words(held.koreanWords), words(trained.koreanWords)],
    [words(held.endings), words(trained.endings)],
    [comparable(held), comparable(trained)],
  ] as const;
  return sets.flatMap(([one, other]) => [...one.intersection(other)]);
}

const skip = spawnSync("python3", ["--version"]).error ? "there is no python3" : false;

test("nothing that is held out stands in the training stock", { skip }, async () => {
  const { stdout } = await promisify(execFile)("python3", ["-B", STOCK], {
    maxBuffer: STOCK_BYTES,
  });
  const trained = Stock.parse(JSON.parse(stdout));
  assert.ok(phrasingsOf(trained).length > 10_000);
  assert.deepEqual(shared(heldOut, trained), []);
});

test("the comparison sees through case, punctuation, spaces, particles and politeness", () => {
  const trained = (phrasing: string): Stock => ({
    words: [],
    koreanWords: [],
    endings: [],
    phrasings: { any: { en: [phrasing], ko: [] } },
  });
  for (const same of [
    "Give me the text of “{f}”.",
    "please give me the text of {f}",
    "hey, could you give me the text of {f} now please?",
    "{f}내용이 궁금해!",
    "{f}에 뭐라고 적혀 있었지",
    "‘{w}’이라는 낱말이 든 문서를 알려 주세요",
  ]) {
    assert.equal(shared(heldOut, trained(same)).length, 1, same);
  }
  assert.deepEqual(shared(heldOut, trained("read {f}")), []);
  const words = { ...trained("x"), words: ["Walrus"], koreanWords: ["고래"], endings: ["rst"] };
  assert.deepEqual(shared(heldOut, words), ["walrus", "고래", "rst"]);
});

test("there are words, endings and phrasings enough, and none twice", () => {
  assert.ok(heldOut.words.length >= 250);
  assert.ok(heldOut.koreanWords.length >= 150);
  assert.ok(heldOut.endings.length >= 20);
  for (const list of [
    heldOut.words,
    heldOut.koreanWords,
    heldOut.endings,
    phrasingsOf(heldOut).map(toComparable),
  ]) {
    assert.equal(new Set(list).size, list.length);
  }
  assert.ok(heldOut.words.every((word) => /^[a-z]+$/.test(word)));
  assert.ok(heldOut.koreanWords.every((word) => /^\p{Script=Hangul}{1,4}$/u.test(word)));
});

/** What anybody would type first: those are for training. */
const BASIC = [
  ["list my files", "show my files", "what files do i have", "read {f}", "show {f}", "open {f}"],
  ["what is in {f}", "write {c} to {f}", "save {c} in {f}", "create {f} with {c}", "run {cmd}"],
  ["replace {old} with {new} in {f}", "change {old} to {new} in {f}", "copy {f} to {g}"],
  ["파일 목록 보여줘", "{f} 읽어줘", "{f} 보여줘", "{f}에 {c}라고 써줘", "{cmd} 실행해줘"],
].flat();

test("the plainest phrasings are left to training", () => {
  const held = new Set(phrasingsOf(heldOut).map(toComparable));
  assert.deepEqual(
    BASIC.filter((phrasing) => held.has(toComparable(phrasing))),
    [],
  );
});
