import assert from "node:assert/strict";
import { test } from "node:test";

import fc from "fast-check";

import { cutText } from "./cut-text.ts";

/** What the line about the cut may add, and one character on each side. */
const SLACK = 80;

test("cutText() keeps to its limit, breaks no character, and counts what is gone", () => {
  const whole = fc.string({ unit: "grapheme", maxLength: 2_000, size: "max" });
  fc.assert(
    fc.property(whole, fc.integer({ min: 10, max: 3_000 }), (text, limit) => {
      const cut = cutText(text, limit);
      if (Buffer.byteLength(text) <= limit) return assert.equal(cut, text);
      assert.ok(Buffer.byteLength(cut) <= limit + SLACK);
      const [, head = "", lost, tail = ""] =
        /^([^]*)\n\[… (\d+) bytes left out here: too long for this model\]\n([^]*)$/.exec(cut) ??
        [];
      assert.ok(text.startsWith(head) && text.endsWith(tail));
      const kept = Buffer.byteLength(head) + Buffer.byteLength(tail);
      assert.equal(kept + Number(lost), Buffer.byteLength(text));
    }),
  );
});
