import assert from "node:assert/strict";
import { test } from "node:test";

import { openDocumentIndex } from "../store/document-index.ts";
import { createNearest } from "./vectors.ts";
import { fuse } from "./fuse.ts";
import { toPassages } from "./passages.ts";
import { search } from "./search.ts";
import { toMatch, toTerms, toWords } from "./words.ts";

/** Documents by name, with what is in them. */
function indexOf(documents: Record<string, string>) {
  const index = openDocumentIndex(":memory:");
  index.setIndexed("fol_1", 1);
  for (const [path, text] of Object.entries(documents)) {
    const lines = text.split("\n");
    const row = { folder: "fol_1", path, shown: path, stamp: "", hash: "x", kind: "text" };
    const passages = toPassages({ lines }, path);
    index.put({ ...row, sizeBytes: 1, lineCount: lines.length }, passages);
  }
  const find = (query: string, limit = 8) =>
    search(index, createNearest(index), { query, folders: [{ id: "fol_1", path: "/" }], limit });
  return { index, find, names: (query: string) => find(query).map(({ shown }) => shown) };
}

test("Chinese, Japanese and Korean are written as pairs of letters, all else as words and their parts", () => {
  assert.equal(toWords("모델을 x").replaceAll(/\s+/g, " ").trim(), "모델 델을 을 x");
  assert.equal(toWords("東京ー").trim(), "東京 京ー ー");
  assert.match(toWords("openDocumentIndex"), /^openDocumentIndex open Document Index$/);
  // As macOS writes names: letters taken apart.
  assert.equal(toWords("한글".normalize("NFD")).trim(), "한글 글");
});

test("a Korean word is found in its forms, in compounds, and by two syllables or one", () => {
  const { names } = indexOf({
    "a.md": "이 모델을 오프라인으로 설정합니다",
    "b.md": "우리집 정원에 나무가 있다",
    "c.md": "회의는 내일입니다",
  });
  assert.deepEqual(names("모델"), ["a.md"]);
  assert.deepEqual(names("오프라인"), ["a.md"]);
  assert.deepEqual(names("설정했다"), ["a.md"]);
  assert.deepEqual(names("집"), ["b.md"]);
  assert.deepEqual(names("내일 회의"), ["c.md"]);
});

test("a word is found in its forms, without its accents, as a beginning, and by the file's name", () => {
  const { names } = indexOf({
    "a.md": "The invoices were paid at the Café",
    "src/b.ts": "export function createDocumentIndex() {}",
    "Rent 2026.md": "Nothing about it in here",
  });
  assert.deepEqual(names("invoice"), ["a.md"]);
  assert.deepEqual(names("cafe"), ["a.md"]);
  assert.deepEqual(names("document index"), ["src/b.ts"]);
  assert.deepEqual(names("createDoc"), ["src/b.ts"]);
  assert.deepEqual(names("rent 2026"), ["Rent 2026.md"]);
});

test("documents with all of the words stand before those with some", () => {
  const { names } = indexOf({
    "some.md": "garden garden garden",
    "all.md": "a letter about the garden of the house",
    "none.md": "mountains",
  });
  assert.deepEqual(names("letter garden"), ["all.md", "some.md"]);
});

test("a snippet begins at the line that says it, and its number is that of the document", () => {
  const text = `${"filler words\n".repeat(200)}\nHere stands the canary\nand more`;
  const [hit] = indexOf({ "a.md": text }).find("canary");
  assert.deepEqual([hit?.line, hit?.text], [202, "Here stands the canary\nand more"]);
});

test("a line longer than a passage is cut where it says something", () => {
  const long = `${"x ".repeat(5_000)}the canary sings ${"y ".repeat(5_000)}`;
  const [hit] = indexOf({ "a.md": `first\n${long}` }).find("canary");
  assert.equal(hit?.line, 2);
  assert.match(hit?.text ?? "", /^….*the canary sings.*…$/);
  assert.ok((hit?.text.length ?? 0) < 300);
});

test("of one document two passages are shown at most", () => {
  const many = Array.from({ length: 40 }, () => `canary ${"word ".repeat(150)}`).join("\n\n");
  const { names } = indexOf({ "long.md": many, "short.md": "canary" });
  assert.deepEqual(names("canary").toSorted(), ["long.md", "long.md", "short.md"]);
});

test("a question of common words alone is still asked; one without a letter has no terms", () => {
  assert.deepEqual(
    toTerms("what is the garden").map(({ seen }) => seen),
    ["garden"],
  );
  assert.equal(toTerms("to be or not").length, 4);
  assert.deepEqual(toTerms(' "*() ^- '), []);
});

test("security: nothing of a question is syntax to the index", () => {
  const { find } = indexOf({ "a.md": "garden" });
  for (const query of [
    'garden" OR name:x',
    "NEAR(garden x)",
    "garden*) AND (",
    "a^b -c {d} e:f",
    '"""',
    "\u0000garden",
  ]) {
    find(query);
    for (const which of ["words", "beginnings", "any"] as const) {
      assert.match(toMatch(toTerms(query), which), /^("[\p{L}\p{N} ]+"\*?( (AND|OR) )?)*$/u);
    }
  }
});

test("passages follow each other without a gap, and each has the number of its first line", () => {
  const lines = Array.from({ length: 500 }, (_, at) =>
    at % 7 === 6 ? "" : `line ${at + 1} ${"word ".repeat(at % 30)}`,
  );
  const passages = toPassages({ lines }, "a.md");
  assert.ok(passages.length > 5);
  for (const { line, text } of passages) {
    assert.deepEqual(text.split("\n"), lines.slice(line - 1, line - 1 + text.split("\n").length));
    assert.ok(text.length <= 1_201);
  }
  assert.equal(
    passages.map(({ text }) => text.split("\n").length).reduce((a, b) => a + b),
    500,
  );
});

test("a page ends a passage, and each passage knows its page", () => {
  const passages = toPassages({ lines: ["a", "b", "c", "d"], pages: [0, 2, 3] }, "a.pdf");
  assert.deepEqual(
    passages.map(({ line, page, text }) => [line, page, text]),
    [
      [1, 1, "a\nb"],
      [3, 2, "c"],
      [4, 3, "d"],
    ],
  );
});

test("fuse() puts first what stands high in either ranking", () => {
  assert.deepEqual(
    fuse([
      [1, 2, 3],
      [3, 9],
    ]),
    [3, 1, 2, 9],
  );
  assert.deepEqual(fuse([[], []]), []);
});

test("what is nearest in meaning is found without a word in common, and beside what has the words", () => {
  const { index } = indexOf({ "cat.md": "a kitten", "dog.md": "a puppy", "car.md": "an engine" });
  const ids = index.withoutVector({ folder: "fol_1", model: "m", limit: 10 });
  const vectors = { kitten: [1, 0.1, 0], puppy: [0.8, 0.6, 0], engine: [0, 0, 1] };
  index.putVectors(
    "m",
    ids.map(({ id, text }) => {
      const [, vector = []] = Object.entries(vectors).find(([word]) => text.includes(word)) ?? [];
      return { passage: id, vector: new Uint8Array(Int8Array.from(vector, (x) => x * 127).buffer) };
    }),
  );
  const meaning = { model: "m", vector: [1, 0, 0] };
  const folders = [{ id: "fol_1", path: "/" }];
  const find = (query: string, more: object) =>
    search(index, createNearest(index), { query, folders, limit: 8, ...more }).map(
      ({ shown }) => shown,
    );
  assert.deepEqual(find("feline", {}), []);
  assert.deepEqual(find("feline", { meaning }), ["cat.md", "dog.md"]);
  assert.deepEqual(find("engine", { meaning }).toSorted(), ["car.md", "cat.md", "dog.md"]);
  assert.deepEqual(find("feline", { meaning: { ...meaning, model: "other" } }), []);
});
