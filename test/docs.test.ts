/** What people read must be true: paths exist, commands run, links lead somewhere, examples are well. */

import assert from "node:assert/strict";
import { existsSync, globSync, readFileSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { test } from "node:test";

import { commands } from "../src/cli/commands.ts";
import type { Command } from "../src/cli/command.ts";
import { parseConfig } from "../src/config/config.ts";
import { settings } from "../src/settings.ts";

const root = join(import.meta.dirname, "..");

type Page = { file: string; text: string };

const pages: Page[] = globSync(["*.md", "docs/**/*.md", "demo-model/*.md"], { cwd: root })
  .toSorted()
  .map((file) => ({ file, text: readFileSync(join(root, file), "utf8") }));

test("there are pages to look at, and the README is one of them", () => {
  assert.ok(pages.length > 10);
  assert.ok(pages.some(({ file }) => file === "README.md"));
});

for (const page of pages) {
  test(`${page.file}: every path in it exists`, () => {
    assert.deepEqual(pathsIn(page).filter(isMissing), []);
  });

  test(`${page.file}: every isopod command in it is one, with options that it has`, () => {
    assert.deepEqual(commandLines(page.text).flatMap(wrongIn), []);
  });

  test(`${page.file}: every link in it leads to a file and a heading that are there`, () => {
    assert.deepEqual(linksIn(page).filter(leadsNowhere), []);
  });

  test(`${page.file}: every config in it can be used, without a note`, () => {
    for (const [, text = ""] of page.text.matchAll(/^```json5\n([^]*?)^```$/gm)) {
      const file = { name: page.file, text };
      const env = { MY_SERVER_KEY: "a key" };
      const { report } = parseConfig({ file, env, secretsFolder: "/nowhere", settings });
      // That the cloud is asked only where somebody allows it is told of every provider there.
      const notes = report.notes.filter(({ message }) => !/isopod mode set internet/.test(message));
      assert.deepEqual([report.faults, notes], [[], []]);
    }
  });

  test(`${page.file}: nothing in it is about whoever wrote it, or where`, () => {
    const found = page.text.split("\n").filter((line) => PRIVATE.some((mark) => mark.test(line)));
    assert.deepEqual(found, []);
  });
}

test("every isopod command that a fault's fix names is one, with options that it has", () => {
  for (const file of globSync("src/base/faults/*.ts", { cwd: root })) {
    const text = readFileSync(join(root, file), "utf8");
    assert.deepEqual(commandLines(text.replaceAll("\\`", "`")).flatMap(wrongIn), [], file);
  }
});

test("docs/cli.md has every command with every option, as the command line spells them", () => {
  const text = pages.find(({ file }) => file === "docs/cli.md")?.text ?? "";
  for (const { name, options = [] } of commands) {
    const line = text.split("\n").find((line) => line.startsWith(`    isopod ${name} `)) ?? "";
    for (const [spelling] of options) assert.ok(line.includes(spelling), `${name}: ${spelling}`);
  }
});

test("the checks themselves see what is wrong", () => {
  const page = (text: string): Page => ({ file: "docs/api.md", text });
  assert.deepEqual(pathsIn(page("`src/nowhere.ts` `gone.ts` `notes/x.md`")).filter(isMissing), [
    "src/nowhere.ts",
    "gone.ts",
  ]);
  const named = "`isopod fly` `isopod doctor --mend` `isopod health now` `isopod mode set`";
  assert.equal(commandLines(named).flatMap(wrongIn).length, 3);
  const typed =
    '    npx isopod chat --fast "hi"  # at once\n    isopod mode set\n    isopod health';
  assert.equal(commandLines(typed).flatMap(wrongIn).length, 2);
  const links = "[a](errors.md#nowhere) [b](gone.md) [c](#errors) [d](errors.md#usage)";
  assert.equal(linksIn(page(links)).filter(leadsNowhere).length, 2);
  assert.ok(PRIVATE.some((mark) => mark.test("see /home/kim/notes or write to kim@example.org")));
});

/* Paths */

const ROOMS = new Set(
  globSync("*/", { cwd: join(root, "src") }).map((room) => dirname(`${room}/x`)),
);
const FOLDERS = new Set(globSync(["*/", ".ci/"], { cwd: root }).map((it) => dirname(`${it}/x`)));

/** Back-ticked words that are meant as a path of this repository. */
function pathsIn({ text }: Page): string[] {
  const words = Array.from(text.matchAll(/`([^`\s]+)`/g), ([, word = ""]) => word);
  return words.filter((word) => {
    if (!/^[\w.@*{},/-]+$/.test(word) || word.startsWith("/")) return false;
    const [first = "", ...rest] = word.split("/");
    if (rest.length > 0) return FOLDERS.has(first) || ROOMS.has(first);
    return /\.(ts|tsx|cjs|sh|jsonc|gguf)$/.test(word) || /^[A-Z]+\.md$/.test(word);
  });
}

/** Words in capitals stand for a name, unless there is a file of just that name. */
function isMissing(path: string): boolean {
  const pattern = existsSync(join(root, path)) ? path : path.replaceAll(/\b[A-Z]{2,}\b/g, "*");
  const anywhere = pattern.includes("/") ? [pattern, `src/${pattern}`] : [`**/${pattern}`];
  const exclude = (name: string) => name === "node_modules" && !path.includes("node_modules");
  return globSync(anywhere, { cwd: root, exclude }).length === 0;
}

/* Commands */

type Line = {
  words: string;
  /** In back-ticks a command may be named without what it needs; a line of code is to be typed. */
  isNamed: boolean;
};

/** What follows `isopod` in back-ticks, and in lines of code. */
function commandLines(text: string): Line[] {
  const inline = text.matchAll(/`(?:npx )?isopod( [^`]*)?`/g);
  const blocks = text.matchAll(/^ {4,}(?:or type +)?(?:npx )?isopod( .*)?$/gm);
  const toLine = ([, words = ""]: string[], isNamed: boolean) => {
    return { words: words.replace(/ {2,}#.*$/, "").trim(), isNamed };
  };
  return [
    ...Array.from(inline, (found) => toLine(found, true)),
    ...Array.from(blocks, (found) => toLine(found, false)),
  ];
}

/** What is wrong with a command line; nothing for one that the command line would take. */
function wrongIn({ words: line, isNamed }: Line): string[] {
  const parts = line.match(/"[^"]*"|\[(?:[^[\]]|\[[^\]]*\])*\]|\S+/g) ?? [];
  const words = parts.map((word) => word.replace(/^\[|\]$/g, ""));
  const plain = words.filter((word) => !word.startsWith("-"));
  // "egress log verify" is no argument of "egress log".
  const command = commands
    .toSorted((one, other) => other.name.length - one.name.length)
    .find((command) => spellings(command).some((it) => begins(plain, it)));
  if (!command) return isKnownStart(plain) ? [] : [`isopod ${line}: there is no such command`];
  const given = options(words, command);
  const wrong = given.unknown.map((option) => `isopod ${line}: it has no ${option}`);
  const count = plain.length - command.name.split(" ").length - given.values;
  const isFitting = fits(command, count) || (isNamed && count <= 0);
  return [...wrong, ...(isFitting ? [] : [`isopod ${line}: ${count} arguments`])];
}

const begins = (words: readonly string[], start: readonly string[]) =>
  start.every((word, at) => words[at] === word);

function spellings({ name, aliases = [] }: Command): string[][] {
  const words = name.split(" ");
  return [words, ...aliases.map((alias) => [...words.slice(0, -1), alias])];
}

/** `isopod` alone, a group of commands alone, or an option of all of it. */
const isKnownStart = (words: readonly string[]) =>
  words.length === 0 ||
  (words.length === 1 && commands.some(({ name }) => name.startsWith(`${words[0]} `)));

/** Options that are not known, and how many words are the values of those that are. */
function options(words: readonly string[], { options = [] }: Command) {
  const unknown: string[] = [];
  let values = 0;
  for (const word of words.filter((word) => word.startsWith("-"))) {
    const [flag = ""] = word.split(" ");
    const known = [...options, ["--help"]].find(
      ([spelling = ""]) => spelling.split(" ")[0] === flag,
    );
    if (!known) unknown.push(flag);
    // In `[--session <id>]` the value is part of the same word.
    else if (known[0]?.includes("<") && !word.includes(" ")) values += 1;
  }
  return { unknown, values };
}

function fits({ arguments: all = [] }: Command, count: number): boolean {
  const needed = all.filter(([spelling]) => spelling.startsWith("<")).length;
  const isOpen = all.some(([spelling]) => spelling.includes("..."));
  return count >= needed && (isOpen || count <= all.length);
}

/* Links */

type Link = { from: string; target: string };

function linksIn({ file, text }: Page): Link[] {
  const found = text.matchAll(/\]\(([^)\s]+)\)/g);
  return Array.from(found, ([, target = ""]) => ({ from: file, target }));
}

function leadsNowhere({ from, target }: Link): boolean {
  if (/^https?:/.test(target)) return false;
  const [path = "", heading] = target.split("#");
  const file = path === "" ? from : normalize(join(dirname(from), path));
  if (!existsSync(join(root, file))) return true;
  return heading !== undefined && !headingsOf(file).includes(heading);
}

/** As GitHub names them. */
function headingsOf(file: string): string[] {
  const text = readFileSync(join(root, file), "utf8");
  return Array.from(text.matchAll(/^#+ (.+)$/gm), ([, title = ""]) =>
    title
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, "")
      .replaceAll(" ", "-"),
  );
}

/* Whoever wrote it */

/** Folders of somebody's machine, addresses of people, marks of the way it was made. */
const PRIVATE = [
  /\/(?:home|Users)\/(?!me\b)\w/,
  /(?:^|[\s`"(])\/(?:root|work|mnt)\//,
  /[\w.+-]+@[\w-]+\.\w/,
  /\b(?:co-authored|signed-off|generated (?:by|with))\b/i,
  /\b(?:TODO|FIXME|XXX)\b/,
];
