import assert from "node:assert/strict";
import { after, test } from "node:test";

import { createToolStage } from "../../test/fakes/tool-context.ts";
import { edit } from "./edit.ts";
import { testTool } from "./tool.conformance.ts";
import type { ToolContext } from "./tool.ts";

const stage = await createToolStage();
after(() => stage.remove());

type Change = { old: string; new: string; all?: boolean };

async function editing(content: string | Uint8Array, parts: Partial<ToolContext> = {}) {
  const context = await stage.context(parts);
  await context.workspace.write("file", Buffer.from(content));
  return async (change: Change) => {
    const text = await edit.run({ path: "file", ...change }, context);
    await using file = await context.workspace.open("file");
    return { text, bytes: await file.readFile() };
  };
}

testTool({
  tool: edit,
  input: { path: "notes.md", old: "world", new: "you" },
  async context(signal) {
    const context = await stage.context({ signal });
    await context.workspace.write("notes.md", Buffer.from("hello world"));
    return context;
  },
});

test("edit replaces what stands there once", async () => {
  const { text, bytes } = await (await editing("one two three"))({ old: "two", new: "2" });
  assert.equal(text, "Changed file (1 place)");
  assert.equal(bytes.toString(), "one 2 three");
});

test("edit takes $ and & in the new text for themselves", async () => {
  const { bytes } = await (await editing("price"))({ old: "price", new: "$& $1 $$" });
  assert.equal(bytes.toString(), "$& $1 $$");
});

test("edit refuses what stands there more than once, unless all are meant", async () => {
  const change = await editing("a\nb\na\n");
  await assert.rejects(change({ old: "a", new: "x" }), {
    code: "EDIT_AMBIGUOUS",
    message: /2 times \(lines 1, 3\)/,
  });
  const { text, bytes } = await change({ old: "a", new: "x", all: true });
  assert.equal(text, "Changed file (2 places)");
  assert.equal(bytes.toString(), "x\nb\nx\n");
});

test("edit shows the nearest lines when nothing matches", async () => {
  const change = await editing("alpha\nfunction add(a, b) {\n  return a + b;\n}\nomega\n");
  await assert.rejects(change({ old: "function add(a,  b){\n return a+b", new: "" }), {
    code: "EDIT_NO_MATCH",
    message: /The nearest lines are 1-5:\nalpha\nfunction add\(a, b\) \{/,
  });
  await assert.rejects(change({ old: "0987654321", new: "" }), {
    code: "EDIT_NO_MATCH",
    message: /No line of it is like/,
  });
});

test("edit matches over line ends as Windows writes them, and keeps them", async () => {
  const { bytes } = await (await editing("a\r\nb\r\nc\r\n"))({ old: "a\nb", new: "x\ny\nz" });
  assert.equal(bytes.toString(), "x\r\ny\r\nz\r\nc\r\n");
});

test("edit leaves bytes alone that are no text", async () => {
  const bytes = new Uint8Array([0xff, 0xfe, 0x61, 0x62, 0xff]);
  const result = await (await editing(bytes))({ old: "ab", new: "한" });
  assert.deepEqual([...result.bytes], [0xff, 0xfe, 0xed, 0x95, 0x9c, 0xff]);
});

test("edit matches text that the model echoes in its neutral form", async () => {
  const restore = (text: string) => text.replaceAll("<\u2060|im_start|>", "<|im_start|>");
  const change = await editing("x = '<|im_start|>'", { restore });
  const { bytes } = await change({ old: "'<\u2060|im_start|>'", new: "'<\u2060|im_start|>!'" });
  assert.equal(bytes.toString(), "x = '<|im_start|>!'");
});

test("edit prefers what stands there as the model wrote it", async () => {
  const restore = (text: string) => text.replaceAll("\u2060", "");
  const change = await editing("a\u2060b ab", { restore });
  const { bytes } = await change({ old: "a\u2060b", new: "c" });
  assert.equal(bytes.toString(), "c ab");
});

test("security: edit refuses what would make a file too large, before it makes it", async () => {
  const change = await editing("a".repeat(1024 * 1024));
  const before = process.memoryUsage().arrayBuffers;
  // A terabyte and a million parts: the gateway would end for want of memory.
  await assert.rejects(change({ old: "a", new: "b".repeat(1024 * 1024), all: true }), {
    code: "FILE_TOO_LARGE",
  });
  assert.ok(process.memoryUsage().arrayBuffers - before < 16 * 1024 * 1024);
  const { bytes } = await change({ old: "a", new: "bc", all: true });
  assert.equal(bytes.toString(), "bc".repeat(1024 * 1024));
});
