/** docs/proof.md says what was tried with the true program and what with a fake; this keeps it honest. */

import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { test } from "node:test";

const root = join(import.meta.dirname, "..");
const LABELS = ["real", "recorded", "documented"];

const rows = rowsOf(readFileSync(join(root, "docs/proof.md"), "utf8"));

test("docs/proof.md has rows, and each carries one of the three labels", () => {
  assert.ok(rows.length > 10);
  for (const { part, label } of rows) assert.ok(LABELS.includes(label), `${part}: "${label}"`);
});

test("the test that a row names is part of the test run", () => {
  for (const { part, file } of rows) {
    assert.ok(existsSync(join(root, file)), `${part}: there is no ${file}`);
    assert.match(file, /^(src|web|test|demo-model)\/.*\.test\.ts$/, part);
  }
});

test("a real row's test starts what the row names, itself or through what it imports", () => {
  for (const { part, label, runs, file } of rows) {
    if (label === "real") assert.ok(mentions(file, runs), `${part}: ${file} does not run ${runs}`);
  }
});

test("a documented row's test uses the fake that the row names, a recorded one's the recording", () => {
  for (const { part, label, runs, file } of rows) {
    if (label === "real") continue;
    assert.ok(existsSync(join(root, runs)), `${part}: there is no ${runs}`);
    assert.ok(closure(file).has(runs), `${part}: ${file} does not use ${runs}`);
  }
});

test("a row that is called real although a fake stands in is seen", () => {
  assert.equal(mentions("src/models/ollama.test.ts", "ollama serve --now"), false);
  assert.equal(closure("src/models/ollama.test.ts").has("test/fakes/openai.ts"), false);
});

type Row = { part: string; label: string; runs: string; file: string };

function rowsOf(text: string): Row[] {
  return text.split("\n").flatMap((line) => {
    const [part = "", label = "", runs = "", file = ""] = line
      .split("|")
      .slice(1, -1)
      .map((cell) => cell.trim().replaceAll("`", ""));
    return file === "" || file === "test" || part.startsWith("-")
      ? []
      : [{ part, label, runs, file }];
  });
}

/** Whether a text stands in a test, or in our code that it uses. */
const mentions = (file: string, text: string) =>
  [...closure(file).values()].some((source) => source.includes(text));

/** A file and all of ours that it imports, by path. */
function closure(file: string, found = new Map<string, string>()): Map<string, string> {
  if (found.has(file) || !existsSync(join(root, file))) return found;
  const source = readFileSync(join(root, file), "utf8");
  found.set(file, source);
  for (const [, module = ""] of source.matchAll(/(?:from|import)\s*\(?\s*"(\.[^"]+)"/g)) {
    closure(relative(root, join(root, dirname(file), module)), found);
  }
  return found;
}
