/** The published rules. The oracle of `good-model.test.ts` shows what passes, this what does not. */

import assert from "node:assert/strict";
import { test } from "node:test";

import type { Case } from "./case.ts";
import { judge, type Outcome } from "./judge.ts";

const FILES = { "elk.rst": "brisk owl\nfig\n", "attic/yak.sql": "moss" };

const item = (change: Partial<Case>): Case => ({
  group: "read",
  kind: "read",
  language: "en",
  prompt: "what does elk.rst say",
  slots: {},
  before: FILES,
  after: FILES,
  answer: { type: "done" },
  drawn: ["elk.rst", "attic/yak.sql", "연못"],
  ...change,
});

const outcome = (text: string, change: Partial<Outcome> = {}): Outcome => ({
  text,
  calls: [],
  after: FILES,
  ...change,
});

const why = (change: Partial<Case>, seen: Outcome) => judge(item(change), seen).why;

test("the workspace decides first: a byte that differs, a file that is gone and one too many are wrong", () => {
  const left = (after: Outcome["after"]) => why({}, outcome("Done.", { after }));
  assert.equal(left(FILES), undefined);
  assert.equal(left({ ...FILES, "elk.rst": "brisk owl\nfig" }), undefined, "the very last break");
  assert.match(left({ ...FILES, "elk.rst": "brisk  owl\nfig\n" }) ?? "", /elk\.rst holds/);
  assert.match(left({ "elk.rst": FILES["elk.rst"] }) ?? "", /attic\/yak\.sql is missing/);
  assert.match(left({ ...FILES, "new.rst": "" }) ?? "", /new\.rst was made/);
  assert.match(left({ ...FILES, "new/": "" }) ?? "", /new\/ was made/);
});

test("a turn that failed is wrong whatever it did", () => {
  assert.match(why({}, outcome("Done.", { failed: "MODEL_STREAM_CUT" })) ?? "", /MODEL_STREAM_CUT/);
});

test("find: every path and no other, with or without a particle behind it", () => {
  const paths = Object.keys(FILES);
  const said = (text: string, more: Partial<Case> = {}) =>
    why({ answer: { type: "paths", paths }, ...more }, outcome(text));
  assert.equal(said("elk.rst (14 bytes)\nattic/\nattic/yak.sql (4 bytes)."), undefined);
  assert.equal(said("elk.rst와 attic/yak.sql이 있습니다."), undefined);
  assert.match(said("There are elk.rst and yak.sql.") ?? "", /lacks attic\/yak\.sql/);
  assert.match(said("elk.rst, attic/yak.sql, oak.sql") ?? "", /names oak\.sql/);
  assert.match(said("elk.rs, attic/yak.sql") ?? "", /lacks elk\.rst/);
  assert.match(said("an-elk.rst, attic/yak.sql") ?? "", /lacks elk\.rst/);
  const asked = {
    prompt: "where is yak.sql?",
    answer: { type: "paths", paths: ["attic/yak.sql"] },
  };
  assert.equal(said("yak.sql is attic/yak.sql", asked as Partial<Case>), undefined);
});

test("read: the text word by word, or its first 60 words; white space counts as one space", () => {
  const says = (text: string, answer: string) =>
    why({ answer: { type: "texts", texts: [text] } }, outcome(answer));
  assert.equal(says("brisk owl\nfig\n", "elk.rst says:\nbrisk owl\nfig"), undefined);
  assert.equal(says("brisk owl\nfig\n", "It says: brisk owl fig."), undefined);
  assert.match(says("brisk owl\nfig\n", "brisk fig owl") ?? "", /lacks "brisk owl fig"/);
  const words = Array.from({ length: 70 }, (_, at) => `w${at}`);
  assert.equal(says(words.join(" "), words.slice(0, 60).join(" ")), undefined);
  assert.notEqual(says(words.join(" "), words.slice(0, 59).join(" ")), undefined);
});

test("run: that very command, and what it printed; a number that stands in a name is none", () => {
  const call = (command: string, output: string) => ({
    calls: [{ tool: "run", input: { command }, ok: true, output }],
  });
  const answer = { type: "output", command: "wc -l elk.rst" } as const;
  const ran = call("wc -l elk.rst", "2 elk.rst");
  assert.equal(why({ answer }, outcome("2 elk.rst", ran)), undefined);
  assert.match(why({ answer }, outcome("3 elk.rst", ran)) ?? "", /lacks "2 elk\.rst"/);
  assert.match(why({ answer }, outcome("2 elk.rst")) ?? "", /was not run/);
  assert.match(why({ answer }, outcome("2", call("wc elk.rst", "2"))) ?? "", /was not run/);
  const silent = call("wc -l elk.rst", "[done; it printed nothing]");
  assert.equal(why({ answer }, outcome("It printed nothing.", silent)), undefined);
  assert.match(why({ answer }, outcome("That did not work.", silent)) ?? "", /says that it failed/);

  const number = (text: string, drawn: string[] = []) =>
    why({ answer: { type: "number", value: 4 }, drawn }, outcome(text));
  assert.equal(number("4 elk.rst"), undefined);
  assert.equal(number("It has 4."), undefined);
  assert.notEqual(number("14 lines"), undefined);
  assert.notEqual(number("elk4.rst has many", ["elk4.rst"]), undefined);
});

test("a failure must be told, a success must not be denied, and names are neither", () => {
  const failed = (text: string) => why({ answer: { type: "failed" } }, outcome(text));
  assert.equal(failed("That did not work: there is no such file."), undefined);
  assert.equal(failed("그 파일은 없습니다."), undefined);
  assert.notEqual(failed("Done. I wrote elk.rst."), undefined);
  assert.notEqual(failed("연못에 썼습니다."), undefined, "a pond is not a failure");
  const done = (text: string) => why({}, outcome(text));
  assert.equal(done("연못.rst에 썼습니다."), undefined);
  assert.notEqual(done("That did not work: elk.rst was not found."), undefined);
  assert.notEqual(done("쓰지 못했습니다."), undefined);
  assert.notEqual(done(" "), undefined);
});

test("small talk: words alone, in the language of the question", () => {
  const talk = (text: string, change: Partial<Outcome> = {}, language: Case["language"] = "en") =>
    why({ language, answer: { type: "words alone" } }, outcome(text, change));
  assert.equal(talk("I am a demonstration model."), undefined);
  assert.equal(talk("시범 모델입니다.", {}, "ko"), undefined);
  assert.notEqual(talk("I am a demonstration model.", {}, "ko"), undefined);
  const calls = [{ tool: "find", input: {}, ok: true, output: "" }];
  assert.match(talk("I am a model.", { calls }) ?? "", /called find/);
});

test("out of scope: a change, or a call that may change something, is a side effect; a look is none", () => {
  const effect = (change: Partial<Outcome>) =>
    judge(item({ answer: { type: "no side effect" } }), outcome("", change)).sideEffect;
  const call = (tool: string) => ({ calls: [{ tool, input: {}, ok: false, output: "" }] });
  assert.deepEqual(
    ["find", "read", "write", "edit", "run", "remember"].map((tool) => effect(call(tool))),
    [false, false, true, true, true, true],
  );
  assert.equal(effect({ after: {} }), true);
  assert.equal(effect({}), false);
});
