import assert from "node:assert/strict";
import { test } from "node:test";

import { titleOf } from "./title.ts";

test("a short first message is the title", () => {
  assert.equal(titleOf("오늘 날씨 어때?"), "오늘 날씨 어때?");
});

test("a long one is cut between words, or in the middle of a very long word", () => {
  assert.equal(titleOf(`${"word ".repeat(30)}`), `${"word ".repeat(12).trim()}…`);
  assert.equal(titleOf("x".repeat(100)), `${"x".repeat(60)}…`);
});

test("security: a title cannot break a line or turn what stands beside it", () => {
  assert.equal(titleOf("a\n\u001b[31mb\u202ec\u2028d"), "a [31mbc d");
});
