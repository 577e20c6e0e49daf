import assert from "node:assert/strict";
import { test } from "node:test";

import { BoundedOutput } from "./output.ts";

test("BoundedOutput keeps everything that fits", () => {
  const output = new BoundedOutput(10);
  output.add(Buffer.from("abc"));
  output.add(Buffer.from("defghij"));
  assert.deepEqual(output.read(), { head: "abcdefghij", tail: "", cutBytes: 0 });
});

test("BoundedOutput keeps both ends and counts what it left out", () => {
  const output = new BoundedOutput(8);
  for (const text of ["start", " and ", "much more", " the end"]) output.add(Buffer.from(text));
  assert.deepEqual(output.read(), { head: "star", tail: " end", cutBytes: 19 });
});

test("BoundedOutput gives those who watch the head alone", () => {
  const output = new BoundedOutput(8);
  assert.equal(Buffer.from(output.add(Buffer.from("abcdef"))).toString(), "abcd");
  assert.equal(output.add(Buffer.from("ghi")).length, 0);
});

test("BoundedOutput cuts between characters, not inside of one", () => {
  const output = new BoundedOutput(10);
  const text = "한국어".repeat(40);
  output.add(Buffer.from(text));
  const { head, tail, cutBytes } = output.read();
  assert.ok(text.startsWith(head) && text.endsWith(tail) && !`${head}${tail}`.includes("\ufffd"));
  assert.equal(
    Buffer.byteLength(head) + cutBytes + Buffer.byteLength(tail),
    Buffer.byteLength(text),
  );
});

test("BoundedOutput replaces broken UTF-8", () => {
  const output = new BoundedOutput(10);
  output.add(Buffer.from([0x61, 0xff, 0x62]));
  assert.equal(output.read().head, "a\ufffdb");
});

test("BoundedOutput stays small under a flood", () => {
  const output = new BoundedOutput(1000);
  const chunk = new Uint8Array(64 * 1024).fill(120);
  for (let i = 0; i < 2000; i++) output.add(chunk);
  const { head, tail, cutBytes } = output.read();
  assert.equal(head.length + tail.length, 1000);
  assert.equal(cutBytes, 2000 * chunk.length - 1000);
});
