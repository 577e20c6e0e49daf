import assert from "node:assert/strict";
import { test } from "node:test";

import { sandboxSetting } from "../sandbox/settings.ts";
import { edit } from "./edit.ts";
import { find } from "./find.ts";
import { read } from "./read.ts";
import { parseArguments, toSpec } from "./spec.ts";
import { createTools } from "./tools.ts";
import { write } from "./write.ts";

const tools = createTools({ sandbox: sandboxSetting.schema.parse(undefined) });

test("all core tools together take less than 600 tokens of every request", () => {
  const characters = JSON.stringify(tools.map(toSpec)).length;
  assert.ok(characters / 4 < 600, `${characters / 4} tokens`);
});

test("toSpec() shows a plain schema, without what a model cannot use", () => {
  assert.deepEqual(toSpec(read), {
    name: "read",
    description: "Read a text file.",
    schema: {
      type: "object",
      properties: {
        path: { type: "string" },
        from: { type: "integer", minimum: 1, description: "first line, from 1" },
        count: { type: "integer", minimum: 1, description: "how many lines" },
      },
      required: ["path"],
    },
  });
});

test("parseArguments() takes what small models send for what they mean", () => {
  const parse = (json: string) => parseArguments(read, json);
  const meant = { path: "a.md", from: 2 };
  assert.deepEqual(parse('{"path":"a.md","from":2}'), meant);
  assert.deepEqual(parse('{"file":"a.md","offset":"2","count":null}'), meant);
  assert.deepEqual(parse('{"filepath":"a.md","from":" 2 ","why":"to see it"}'), meant);
  assert.deepEqual(parse(String.raw`"{\"path\":\"a.md\",\"from\":2}"`), meant);
  assert.deepEqual(parseArguments(find, ""), {});
  assert.deepEqual(parseArguments(write, '{"filename":"a","text":42}'), {
    path: "a",
    content: "42",
  });
  assert.equal(
    parseArguments(edit, '{"path":"a","old":"b","new":"","replace_all":"True"}').all,
    true,
  );
});

test("parseArguments() takes the field's own name before another one", () => {
  const json = '{"path":"a","file":"b","content":"c","text":"d"}';
  assert.deepEqual(parseArguments(write, json), { path: "a", content: "c" });
});

test("parseArguments() tells a model what is wrong and what is expected", () => {
  assert.throws(() => parseArguments(write, '{"path":"a"}'), {
    code: "TOOL_ARGUMENTS_WRONG",
    message: 'Cannot call write: "content" is missing',
    fix: 'Call write with {"path": string, "content": string}',
  });
  assert.throws(() => parseArguments(read, '{"path":"a","from":"two"}'), {
    message: /"from": .*expected number, received string/,
    fix: 'Call read with {"path": string, "from"?: integer, "count"?: integer}',
  });
  assert.throws(() => parseArguments(read, '{"path":"a"'), { message: /not valid JSON/ });
  assert.throws(() => parseArguments(read, "[]"), { message: /not a JSON object/ });
});

test("parseArguments() restores what was neutralised, however deep", () => {
  const restore = (text: string) => text.replaceAll("\u2060", "");
  assert.deepEqual(parseArguments(write, '{"path":"a","content":"<\u2060s>"}', restore), {
    path: "a",
    content: "<s>",
  });
});

test("security: arguments nested so deep that they would end the stack are refused in words", () => {
  const deep = `{"path":${"[".repeat(5000)}${"]".repeat(5000)}}`;
  for (const json of [deep, JSON.stringify(deep)]) {
    assert.throws(() => parseArguments(read, json, (text) => text), /nest deeper than 128 levels/);
  }
});
