import assert from "node:assert/strict";
import { after, test } from "node:test";

import { createToolStage } from "../../test/fakes/tool-context.ts";
import { OUTPUT_CHARS } from "./cut.ts";
import { read } from "./read.ts";
import { testTool } from "./tool.conformance.ts";

const stage = await createToolStage();
after(() => stage.remove());

async function reading(content: string | Uint8Array) {
  const context = await stage.context();
  await context.workspace.write("file", Buffer.from(content));
  return (input: { from?: number; count?: number } = {}) =>
    read.run({ path: "file", ...input }, context);
}

testTool({
  tool: read,
  input: { path: "notes.md" },
  async context(signal) {
    const context = await stage.context({ signal });
    await context.workspace.write("notes.md", Buffer.from("hello"));
    return context;
  },
});

test("read shows a short file as it is", async () => {
  assert.equal(await (await reading("one\ntwo\n"))(), "one\ntwo");
  assert.equal(await (await reading("\ufeffone\r\ntwo\r\n"))(), "one\ntwo");
});

test("read stops at its budget and says how to read on", async () => {
  const lines = Array.from({ length: 2000 }, (_, i) => `this is line ${i + 1}`);
  const readAt = await reading(lines.join("\n"));
  const seen: string[] = [];
  for (let from = 1; from > 0;) {
    const text = await readAt({ from });
    assert.ok(text.length < OUTPUT_CHARS + 200);
    const shown = text.split("\n");
    seen.push(...shown.slice(0, -1));
    from = Number(/call read with from=(\d+)/.exec(shown.at(-1) ?? "")?.[1] ?? 0);
  }
  assert.deepEqual(seen, lines);
});

test("read takes a part, and says which", async () => {
  const readAt = await reading("a\nb\nc\nd\n");
  assert.equal(
    await readAt({ from: 2, count: 2 }),
    "b\nc\n[lines 2-3 of 4; to read on, call read with from=4]",
  );
  assert.equal(await readAt({ from: 4 }), "d\n[lines 4-4 of 4]");
  assert.equal(await readAt({ from: 5 }), "[the file has only 4 lines]");
});

test("read says that a file is empty", async () => {
  assert.equal(await (await reading(""))(), "[the file is empty]");
});

test("read cuts a line that is no text", async () => {
  const text = await (await reading("x".repeat(50_000)))();
  assert.match(text, /^x{1000}… \[line cut: 50000 characters\]$/);
});

test("read replaces broken UTF-8, and refuses what is not text", async () => {
  assert.equal(await (await reading(new Uint8Array([0x61, 0xff, 0x62])))(), "a\ufffdb");
  const binary = await reading(new Uint8Array([0x7f, 0x45, 0x4c, 0x46, 0, 1]));
  await assert.rejects(binary(), { code: "FILE_BINARY" });
});

test("read names find to a model that reads a folder", async () => {
  const context = await stage.context();
  await context.workspace.write("folder/file", Buffer.from(""));
  await assert.rejects(read.run({ path: "folder" }, context), {
    code: "PATH_NOT_FILE",
    fix: "List what is in it with find",
  });
});
