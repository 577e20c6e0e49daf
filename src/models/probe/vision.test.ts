import assert from "node:assert/strict";
import { test } from "node:test";
import { inflateSync } from "node:zlib";

import type { Heard } from "./ask.ts";
import { draw, judgeVision } from "./vision.ts";

const heard = (text: string): Heard => ({
  text,
  reasoning: "",
  calls: [],
  salvaged: false,
  pieces: 1,
  disturbed: false,
});

test("a picture is a PNG of one colour", () => {
  const png = Buffer.from(draw({ red: 1, green: 2, blue: 3 }), "base64");

  assert.deepEqual([...png.subarray(0, 8)], [137, 80, 78, 71, 13, 10, 26, 10]);
  assert.equal(png.readUInt32BE(16), 224);
  const sizeBytes = png.readUInt32BE(33);
  assert.equal(png.toString("latin1", 37, 41), "IDAT");
  const rows = inflateSync(png.subarray(41, 41 + sizeBytes));
  assert.equal(rows.length, 224 * (1 + 3 * 224));
  assert.deepEqual([...rows.subarray(0, 4)], [0, 1, 2, 3]);
});

test("the right colour is seeing, all of them or another is not", () => {
  const judge = (first: string, second: string) =>
    judgeVision([
      { name: "red", heard: heard(first) },
      { name: "green", heard: heard(second) },
    ]).result;

  assert.equal(judge("Red.", "The picture is green"), "passed");
  assert.equal(judge("Red.", "I cannot see pictures"), "partly");
  assert.equal(judge("red, green, blue or yellow", "red green"), "failed");
});
