import assert from "node:assert/strict";
import { test } from "node:test";

import { fill } from "./phrase.ts";

test("fill() gives a Korean particle the form that the sound before it asks for", () => {
  const filled = (f: string) =>
    ["{f}를", "{f}가", "{f}로", "'{f}'라고", "{f}랑"].map((one) => fill(one, { f }));
  assert.deepEqual(filled("나비"), ["나비를", "나비가", "나비로", "'나비'라고", "나비랑"]);
  assert.deepEqual(filled("호박"), ["호박을", "호박이", "호박으로", "'호박'이라고", "호박이랑"]);
  assert.deepEqual(filled("연필"), ["연필을", "연필이", "연필로", "'연필'이라고", "연필이랑"]);
});

test("fill() reads Latin letters and digits out in Korean, as people do", () => {
  assert.equal(fill("{f}를", { f: "a.rst" }), "a.rst를"); // 티
  assert.equal(fill("{f}로", { f: "a.sql" }), "a.sql로"); // 엘
  assert.equal(fill("{f}로", { f: "a.swn" }), "a.swn으로"); // 엔
  assert.equal(fill("{f}를", { f: "a7" }), "a7을"); // 칠
  assert.equal(fill("{f}를", { f: "오리 3!" }), "오리 3!을"); // 삼
});

test("fill() leaves the letters alone that are no particle of a slot", () => {
  assert.equal(fill("{f} 가는 {w} 로마", { f: "호박", w: "밤" }), "호박 가는 밤 로마");
  assert.equal(fill("say {c}", { c: "{f} $& $1" }), "say {f} $& $1");
});

test("fill() throws where a slot has nothing in it", () => {
  assert.throws(() => fill("read {f}", {}), /Nothing for \{f\}/);
});
