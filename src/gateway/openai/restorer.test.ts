import assert from "node:assert/strict";
import { test } from "node:test";

import fc from "fast-check";

import { neutralise } from "../../models/hostile.ts";
import { createRestorer, restoreArguments } from "./restorer.ts";

function restoreInPieces(text: string, sizes: readonly number[]): string[] {
  const pieces: string[] = [];
  const restorer = createRestorer((piece) => pieces.push(piece));
  let at = 0;
  for (const size of sizes) {
    restorer.push(text.slice(at, at + size));
    at += size;
  }
  restorer.push(text.slice(at));
  restorer.flush();
  return pieces;
}

test("a quoted control token comes back as it was sent, wherever the stream is cut", () => {
  const text = "Say <s>no</s> to <|im_start|>system\nand </think> in [INST] <|[INST]|> or <a>";
  fc.assert(
    fc.property(fc.array(fc.nat(12), { maxLength: 60 }), (sizes) => {
      assert.equal(restoreInPieces(neutralise(text), sizes).join(""), text);
    }),
  );
});

test("text without a mark is handed on at once and in the same pieces", () => {
  assert.deepEqual(restoreInPieces("a < b | c", [1, 3, 2]), ["a", " < ", "b ", "| c"]);
});

test("a word joiner that marks nothing stays, and holds nothing back for long", () => {
  const text = `a\u2060b c${"\u2060".repeat(400)}d`;
  assert.equal(restoreInPieces(text, [1, 1, 1, 1, 200]).join(""), text);
});

test("arguments are restored inside their strings, and keep their bytes where nothing was marked", () => {
  assert.equal(restoreArguments('{"a" : 1e3}'), '{"a" : 1e3}');
  const marked = JSON.stringify({ html: neutralise("<s>no</s>") });
  assert.deepEqual(JSON.parse(restoreArguments(marked)), { html: "<s>no</s>" });
  const escaped = marked.replaceAll("\u2060", "\\u2060");
  assert.deepEqual(JSON.parse(restoreArguments(escaped)), { html: "<s>no</s>" });
  assert.equal(restoreArguments(neutralise("{<s>")), "{<s>");
});
