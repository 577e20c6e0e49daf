import assert from "node:assert/strict";
import { after, test } from "node:test";

import { createToolStage } from "../../test/fakes/tool-context.ts";
import { testTool } from "./tool.conformance.ts";
import { write } from "./write.ts";

const stage = await createToolStage();
after(() => stage.remove());

testTool({
  tool: write,
  input: { path: "notes.md", content: "hello" },
  context: (signal) => stage.context({ signal }),
});

test("write says what it did, in bytes", async () => {
  const context = await stage.context();
  const input = { path: "a/b.md", content: "안녕" };
  assert.equal(await write.run(input, context), "Made a/b.md (6 bytes)");
  assert.equal(await write.run(input, context), "Replaced a/b.md (6 bytes)");
});

test("write reconciles to unknown when the file is neither what it was nor what it should be", async () => {
  const context = await stage.context();
  const input = { path: "a.md", content: "mine" };
  const before = (await write.before?.(input, context)) ?? "";
  await context.workspace.write("a.md", Buffer.from("somebody else's"));
  assert.equal(await write.reconcile?.(input, before, context), "unknown");
});

test("write restores what was neutralised for the model", async () => {
  const restore = (text: string) => text.replaceAll("<\u2060s>", "<s>");
  const context = await stage.context({ restore });
  await write.run({ path: "a.html", content: "<\u2060s>old</s>" }, context);
  await using file = await context.workspace.open("a.html");
  assert.equal(await file.readFile("utf8"), "<s>old</s>");
});

test("write asks a person before it touches what other programs run", async () => {
  const context = await stage.context();
  const asks = (path: string) => write.asks?.({ path, content: "" }, context);
  const guarded = [".git/hooks/pre-commit", "sub/.git/config", ".envrc", ".vscode/tasks.json"];
  guarded.push(
    ".GIT/config",
    ".g\u200cit/config",
    "./.git/x",
    "/workspace/.envrc",
    ".github/workflows/a.yml",
    "sub/HEAD",
  );
  for (const path of guarded) assert.match(asks(path) ?? "", /outside the sandbox/, path);
  for (const path of [
    "notes.md",
    "src/main.ts",
    "Makefile",
    "package.json",
    "git/x",
    "src/head/index.ts",
    "../.git/x",
  ]) {
    assert.equal(asks(path), undefined, path);
  }
});
