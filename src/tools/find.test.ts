import assert from "node:assert/strict";
import { after, test } from "node:test";

import { createToolStage } from "../../test/fakes/tool-context.ts";
import { OUTPUT_CHARS } from "./cut.ts";
import { find } from "./find.ts";
import { createMatcher } from "./glob.ts";
import { testTool } from "./tool.conformance.ts";

const stage = await createToolStage();
after(() => stage.remove());

const FILES = {
  "README.md": "# Title\nHello World\n",
  "notes/today.md": "buy milk\n",
  "notes/old.txt": "hello again\n",
  "image.png": "\0hello",
};

async function finding(files: Record<string, string> = FILES) {
  const context = await stage.context();
  for (const [path, text] of Object.entries(files)) {
    await context.workspace.write(path, Buffer.from(text));
  }
  return (query: { name?: string; text?: string; path?: string }) => find.run(query, context);
}

testTool({ tool: find, input: {}, context: (signal) => stage.context({ signal }) });
testTool({ tool: find, input: { path: "" }, context: (signal) => stage.context({ signal }) });

test("find without arguments lists what there is", async () => {
  assert.equal(
    await (
      await finding()
    )({}),
    "README.md (20 bytes)\nimage.png (6 bytes)\nnotes/\nnotes/old.txt (12 bytes)\nnotes/today.md (9 bytes)",
  );
  assert.equal(await (await finding({}))({}), "[there are no files yet]");
});

test("find by name takes a pattern, or a part of the path", async () => {
  const found = await finding();
  assert.equal(await found({ name: "*.md" }), "README.md (20 bytes)\nnotes/today.md (9 bytes)");
  assert.equal(await found({ name: "readme" }), "README.md (20 bytes)");
  assert.equal(await found({ name: "notes/*.txt" }), "notes/old.txt (12 bytes)");
  assert.equal(await found({ name: "*.rs" }), "[nothing found]");
});

test("find by text shows the lines, in either case, and leaves out what is not text", async () => {
  const found = await finding();
  assert.equal(
    await found({ text: "HELLO" }),
    "README.md:2: Hello World\nnotes/old.txt:1: hello again",
  );
  assert.equal(await found({ text: "hello", path: "notes" }), "notes/old.txt:1: hello again");
  assert.equal(await found({ text: "milk", path: "notes/today.md" }), "notes/today.md:1: buy milk");
  await assert.rejects(found({ text: "milk", path: "gone" }), { code: "PATH_MISSING" });
  assert.equal(await found({ text: "hello", name: "*.md" }), "README.md:2: Hello World");
});

test("find stops at its budget and says how to go on", async () => {
  const files = Array.from({ length: 600 }, (_, i): [string, string] => [
    `file-${1000 + i}.txt`,
    "",
  ]);
  const text = await (await finding(Object.fromEntries(files)))({});
  assert.ok(text.length <= OUTPUT_CHARS + 100);
  assert.match(text, /\[there is more: narrow it down/);
});

test("security: find neither follows a link nor lets a name look like two", async () => {
  const context = await stage.context();
  const { symlink, writeFile } = await import("node:fs/promises");
  await symlink("/etc", `${context.workspace.root}/link`);
  await writeFile(`${context.workspace.root}/a\nb (3 bytes)`, "secret");
  const text = await find.run({}, context);
  assert.equal(text, "a\ufffdb (3 bytes) (6 bytes)");
});

test("createMatcher() knows *, ?, ** and {a,b}", () => {
  const cases: [string, string[], string[]][] = [
    ["*.ts", ["a.ts", "src/a.ts", ".ts"], ["a.tsx", "a.js"]],
    ["a?c", ["abc", "x/a한c"], ["ac", "abbc"]],
    ["src/**/*.ts", ["src/a.ts", "src/b/c/a.ts"], ["a.ts", "srcx/a.ts"]],
    ["**/x.md", ["x.md", "a/b/x.md"], ["ax.md", "a/bx.md"]],
    ["src/**", ["src/a", "src/b/c"], ["a"]],
    ["*.{js,ts}", ["a.js", "b/a.ts"], ["a.css"]],
    ["./src/*.ts", ["src/a.ts"], ["src/b/a.ts"]],
    ["a+b(c).*", ["a+b(c).md"], ["aab(c).md"]],
  ];
  for (const [pattern, yes, no] of cases) {
    const fits = createMatcher(pattern);
    for (const path of yes) assert.ok(fits(path), `${pattern} ${path}`);
    for (const path of no) assert.ok(!fits(path), `${pattern} ${path}`);
  }
});

test("security: createMatcher() is not slowed down by a hostile pattern", () => {
  const started = performance.now();
  createMatcher("*a".repeat(60) + "b")("a".repeat(4000));
  createMatcher("{a,b}".repeat(40))("a".repeat(4000));
  createMatcher("{".repeat(4000))("a");
  assert.ok(createMatcher("*".repeat(100_000))("a"), "nor does it run out of stack");
  assert.ok(performance.now() - started < 2000, "an exponential one would take for ever");
});
