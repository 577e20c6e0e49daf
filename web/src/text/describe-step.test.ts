import assert from "node:assert/strict";
import { test } from "node:test";

import { describeStep, formatInput } from "./describe-step.ts";

test("a step says what is done to what", () => {
  const line = (tool: string, input: unknown, isDone = true) => {
    const { verb, subject } = describeStep(tool, input, isDone);
    return `${verb} ${subject}`.trim();
  };
  assert.equal(line("read", { path: "notes/todo.md" }), "Read notes/todo.md");
  assert.equal(line("read", { path: "notes/todo.md" }, false), "Reading notes/todo.md");
  assert.equal(line("run", { folder: "src", command: "npm\n  test" }), "Ran npm test");
  assert.equal(line("find", { path: "notes", name: "*.md" }), "Looked for *.md");
  assert.equal(line("find", {}), "Listed the files");
  assert.equal(line("find", {}, false), "Listing the files");
  assert.equal(line("weather", { town: "Busan" }), "Used weather Busan");
  assert.equal(line("weather", null), "Used weather");
  assert.equal(line("weather", { days: 3 }), "Used weather");
});

test("a long subject is cut", () => {
  assert.ok(describeStep("write", { text: "x".repeat(10_000) }, true).subject.length < 200);
});

test("the input is shown whole, whatever it is", () => {
  assert.equal(formatInput({ path: "a" }), '{\n  "path": "a"\n}');
  assert.equal(formatInput("not JSON {"), "not JSON {");
  assert.equal(formatInput(undefined), "");
});
