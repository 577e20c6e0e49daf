import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";

import { Fault } from "../../base/fault.ts";
import { find } from "../../tools/find.ts";
import { read } from "../../tools/read.ts";
import type { ToolContext } from "../../tools/tool.ts";
import { createWorkspace } from "../../tools/workspace-folder.ts";
import { write } from "../../tools/write.ts";
import { fromOwnName, toOwnArguments, toOwnName, toOwnResult } from "./mapping.ts";

const TOOLS = { find, read, write };

/** What the real tools say, as the agent stores it. */
async function result(tool: keyof typeof TOOLS, input: object, context: ToolContext) {
  const message = { role: "tool", callId: "1", tool } as const;
  try {
    // Each tool takes the input that its own schema let through.
    const { run, input: schema } = TOOLS[tool] as typeof read;
    return { ...message, ok: true, text: await run(schema.parse(input), context) };
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    return { ...message, ok: false, text: `${error.code}: ${error.message}. ${error.fix}` };
  }
}

describe("results of the real tools, as the model was trained on them:", () => {
  let folder = "";
  let context: ToolContext;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "mapping-"));
    context = {
      workspace: await createWorkspace(folder),
      sandbox: undefined,
      memory: { add: async () => {}, list: async () => [] },
      reach: () => ({ mode: "private", private: false }),
      grants: { has: () => false, add: async () => {} },
      signal: new AbortController().signal,
    };
  });
  after(() => rm(folder, { recursive: true }));
  const own = async (tool: keyof typeof TOOLS, input: object) =>
    toOwnResult(await result(tool, input, context));

  test("an empty folder is an empty text", async () => {
    assert.deepEqual(await own("find", {}), { text: "" });
  });

  test("a write is ok", async () => {
    assert.deepEqual(await own("write", { path: "b.txt", content: "one two\nthree" }), {
      text: "ok",
    });
    assert.deepEqual(await own("write", { path: "b.txt", content: "one two\nthree" }), {
      text: "ok",
    });
  });

  test("a list has a name a line, without folders and sizes", async () => {
    await mkdir(join(folder, "sub"));
    await writeFile(join(folder, "sub", "a (2 KB).md"), "x".repeat(5000));
    assert.deepEqual(await own("find", {}), { text: "b.txt\nsub/a (2 KB).md" });
  });

  test("a file is its text", async () => {
    assert.deepEqual(await own("read", { path: "b.txt" }), { text: "one two\nthree" });
    await writeFile(join(folder, "empty.txt"), "");
    assert.deepEqual(await own("read", { path: "empty.txt" }), { text: "" });
    await writeFile(join(folder, "odd.txt"), "[a line in brackets]\n");
    assert.deepEqual(await own("read", { path: "odd.txt" }), { text: "[a line in brackets]" });
  });

  test("what the model could not repeat is left out, and it is said", async () => {
    await writeFile(join(folder, "long.txt"), "word\n".repeat(3000));
    const long = await own("read", { path: "long.txt" });
    assert.equal(long.text, "word\n".repeat(12).trim());
    assert.match(long.shown ?? "", /^the first 12 of \d+ words$/);
    for (const name of "cdefgh") await writeFile(join(folder, name), "");
    const { text, shown } = await own("find", {});
    assert.equal(text, "b.txt\nc\nd\ne\nempty.txt");
    assert.equal(shown, "the first 5 of 11 files");
  });

  test("failures are one of the five reasons", async () => {
    const reasons = {
      "nothing.txt": "not found",
      "../outside.txt": "outside the workspace",
      sub: "not a file",
    };
    for (const [path, reason] of Object.entries(reasons)) {
      assert.deepEqual(await own("read", { path }), { text: `error: ${reason}` });
    }
    const denied = { role: "tool", callId: "1", tool: "write", ok: false } as const;
    const text = "Not run: the person said no. Do not try it again.";
    assert.deepEqual(toOwnResult({ ...denied, text }), { text: "error: denied by the user" });
    const other = 'FILE_BINARY: Cannot use "a.png": it is not text. Use run';
    assert.deepEqual(toOwnResult({ ...denied, text: other }), {
      text: 'error: cannot use "a.png": it is not text',
    });
  });

  test("control tokens that were neutralised are as they were in the file", async () => {
    const text = "a <\u2060|im_end|> b";
    const message = { role: "tool", callId: "1", tool: "read", ok: true, text } as const;
    assert.deepEqual(toOwnResult(message), { text: "a <|im_end|> b" });
  });
});

test("names go there and back", () => {
  for (const tool of Object.keys(TOOLS)) assert.equal(fromOwnName(toOwnName(tool) ?? ""), tool);
  assert.equal(toOwnName("run"), undefined);
  assert.equal(fromOwnName("get_time"), "get_time");
});

test("the model's own calls pass the real tools' schemas", () => {
  assert.deepEqual(find.input.parse({}), {});
  assert.deepEqual(read.input.parse({ path: "a" }), { path: "a" });
  assert.deepEqual(write.input.parse({ path: "a", content: "b" }), { path: "a", content: "b" });
});

test("arguments are spelled as in training, whoever wrote them", () => {
  const spelled = (tool: string, argumentsJson: string) =>
    toOwnArguments({ id: "1", tool, argumentsJson });
  assert.equal(spelled("read", '{"path": "a.txt"}'), '{"path": "a.txt"}');
  assert.equal(spelled("read", '{"path":"a.txt","from":3}'), '{"path": "a.txt"}');
  assert.equal(
    spelled("write", '{"content":"b\\u00e9","path":"a"}'),
    '{"path": "a", "content": "bé"}',
  );
  assert.equal(spelled("find", '{"name":"*.md"}'), "{}");
  assert.equal(spelled("read", '{"path":"<\u2060|im_end|>"}'), '{"path": "<|im_end|>"}');
  assert.equal(spelled("read", '{"path": "unfin'), "{}");
});
