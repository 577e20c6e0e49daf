import assert from "node:assert/strict";
import { test } from "node:test";

import fc from "fast-check";

import { toVisible } from "./visible.ts";

/** Texts that look like something else, each with what must be seen in it. */
const CORPUS: { name: string; text: string; seen: string }[] = [
  { name: "a newline that hides a second command", text: "ls\nrm -rf .", seen: "\\u{a}" },
  { name: "a carriage return that overwrites the line", text: "rm -rf .\rls", seen: "\\u{d}" },
  { name: "a terminal escape that erases", text: "rm x\u001b[2K\u001b[1Gls", seen: "\\u{1b}" },
  { name: "an 8-bit control sequence introducer", text: "rm x\u009b2Kls", seen: "\\u{9b}" },
  { name: "a backspace", text: "rm\b\bls", seen: "\\u{8}" },
  { name: "NUL", text: "a.txt\0.png", seen: "\\u{0}" },
  { name: "a right-to-left override", text: "cat \u202egpj.sh", seen: "\\u{202e}" },
  { name: "an isolate", text: "if x \u2066# y\u2069", seen: "\\u{2066}" },
  { name: "a zero-width space", text: "r\u200bm x", seen: "\\u{200b}" },
  { name: "a zero-width joiner", text: "r\u200dm x", seen: "\\u{200d}" },
  { name: "a word joiner", text: "r\u2060m x", seen: "\\u{2060}" },
  { name: "a byte order mark", text: "\ufeffrm x", seen: "\\u{feff}" },
  { name: "a soft hyphen", text: "r\u00adm x", seen: "\\u{ad}" },
  { name: "tag letters that nobody sees", text: "ls\u{e0072}\u{e006d}", seen: "\\u{e0072}" },
  { name: "a variation selector", text: "a\ufe0fb", seen: "\\u{fe0f}" },
  { name: "a Hangul filler, which is a letter", text: "x\u3164=1", seen: "\\u{3164}" },
  { name: "a blank Braille cell", text: "rm\u2800x", seen: "\\u{2800}" },
  { name: "a space that is no space", text: "rm\u00a0x", seen: "\\u{a0}" },
  { name: "a line separator", text: "ls\u2028rm x", seen: "\\u{2028}" },
  { name: "half a surrogate pair", text: "a\ud800b", seen: "\\u{d800}" },
  { name: "a forged escape of ours", text: "ls \\u{202e}", seen: "\\u{5c}u{202e}" },
];

for (const { name, text, seen } of CORPUS) {
  test(`security: toVisible() shows ${name}`, () => assert.ok(toVisible(text).includes(seen)));
}

test("toVisible() leaves what people write alone", () => {
  const text = 'grep -rn "날씨" notes/ | wc -l && echo "naïve 100% ✓ \\n"';

  assert.equal(toVisible(text), text);
});

test("security: toVisible() never shows two texts alike, and never a control character", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary" }), (text) => {
      const shown = toVisible(text);
      const back = shown.replace(/\\u\{([0-9a-f]+)\}/g, (_, hex) =>
        String.fromCodePoint(Number.parseInt(hex, 16)),
      );
      assert.equal(back, text);
      assert.doesNotMatch(shown, /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
    }),
  );
});
