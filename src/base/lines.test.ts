import assert from "node:assert/strict";
import { test } from "node:test";

import { readLines } from "./lines.ts";
import { readServerEvents } from "./sse.ts";

/** A body in pieces of `size` bytes, so that every character and line end is split somewhere. */
async function* inPieces(text: string, size: number): AsyncGenerator<Uint8Array> {
  const bytes = new TextEncoder().encode(text);
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

test("readLines() gives the same lines however the bytes are split", async () => {
  for (const size of [1, 2, 3, 7, 100]) {
    const lines = await Array.fromAsync(readLines(inPieces("한국어\r\n\nzwei 🦐\ndrei", size)));
    assert.deepEqual(lines, ["한국어", "zwei 🦐", "drei"]);
  }
});

test("readLines() keeps empty lines when asked", async () => {
  const lines = await Array.fromAsync(readLines(inPieces("a\n\r\n\nb\n", 2), { empty: true }));
  assert.deepEqual(lines, ["a", "", "", "b"]);
});

test("readLines() refuses a line without end instead of filling the memory", async () => {
  const lines = readLines(inPieces("x".repeat(100), 10), { maxLength: 50 });
  await assert.rejects(Array.fromAsync(lines), RangeError);
});

test("readServerEvents() joins data lines, passes over comments, drops what is cut off", async () => {
  const text = ": hello\nid: 7\nevent: turn\ndata: a\ndata:b\n\n\ndata: {}\n\ndata: cut";
  for (const size of [1, 5, 1000]) {
    assert.deepEqual(await Array.fromAsync(readServerEvents(inPieces(text, size))), [
      { id: "7", event: "turn", data: "a\nb" },
      { id: "7", data: "{}" },
    ]);
  }
});
