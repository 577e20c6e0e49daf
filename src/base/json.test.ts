import assert from "node:assert/strict";
import { test } from "node:test";

import fc from "fast-check";

import {
  isJsonObject,
  isTooDeep,
  itemSpans,
  MAX_JSON_DEPTH,
  memberSpan,
  rootSpan,
} from "./json.ts";

const cut = (json: string, span: { start: number; end: number } | undefined) =>
  span && json.slice(span.start, span.end);

test("memberSpan() gives the bytes of a value as they stand, spaces and all", () => {
  const json = ' { "a" : { "x": 1.50 , "y":"}\\"{" } ,"b":[ ]} ';

  assert.equal(cut(json, memberSpan(json, rootSpan(json), "a")), '{ "x": 1.50 , "y":"}\\"{" }');
  assert.equal(cut(json, memberSpan(json, rootSpan(json), "b")), "[ ]");
});

test("memberSpan() keeps a number too big for a double", () => {
  const json = '{"id":12345678901234567890123}';

  assert.equal(cut(json, memberSpan(json, rootSpan(json), "id")), "12345678901234567890123");
});

test("memberSpan() sees what JSON.parse sees: the last of a repeated key, and escaped keys", () => {
  const json = '{"k":1,"\\u006b":{"evil":true}}';

  assert.equal(cut(json, memberSpan(json, rootSpan(json), "k")), '{"evil":true}');
  assert.deepEqual(JSON.parse(json).k, { evil: true });
});

test("memberSpan() finds nothing in what is no object, and nothing under a missing key", () => {
  assert.equal(memberSpan('["a"]', rootSpan('["a"]'), "a"), undefined);
  assert.equal(memberSpan("{}", rootSpan("{}"), "a"), undefined);
});

test("every member and item of any JSON text is cut so that it parses to the same value", () => {
  fc.assert(
    fc.property(fc.json(), fc.constantFrom(0, 1, 2), (text, indent) => {
      const value: unknown = JSON.parse(text);
      const json = JSON.stringify(value, null, indent);
      walk(json, rootSpan(json), value);
    }),
  );
});

function walk(json: string, span: { start: number; end: number }, value: unknown): void {
  assert.deepEqual(JSON.parse(json.slice(span.start, span.end)), value);
  if (Array.isArray(value)) {
    const items = itemSpans(json, span);
    assert.equal(items.length, value.length);
    items.forEach((item, index) => walk(json, item, value[index]));
  } else if (typeof value === "object" && value !== null) {
    for (const [key, member] of Object.entries(value)) {
      const found = memberSpan(json, span, key);
      assert.ok(found, key);
      walk(json, found, member);
    }
  }
}

test("a text that ends in the middle ends the search, it neither throws nor hangs", () => {
  for (const json of ['{"a":', '{"a', "[1,", '{"a":{"b"', ""]) {
    assert.doesNotThrow(() => memberSpan(json, rootSpan(json), "a"));
    assert.doesNotThrow(() => itemSpans(json, rootSpan(json)));
  }
});

test("isJsonObject() takes objects only", () => {
  assert.ok(isJsonObject('{"a":1}'));
  for (const text of ["", "[]", "null", '"{}"', '{"a":']) assert.ok(!isJsonObject(text), text);
});

test("isTooDeep() counts what is nested, and nothing that stands in a string", () => {
  const nested = (levels: number) => `${'{"a":['.repeat(levels / 2)}1${"]}".repeat(levels / 2)}`;
  assert.equal(isTooDeep(nested(MAX_JSON_DEPTH)), false);
  assert.equal(isTooDeep(nested(MAX_JSON_DEPTH + 2)), true);
  assert.equal(isTooDeep("[".repeat(1e6)), true);
  assert.equal(isTooDeep(JSON.stringify({ text: '\\"[{'.repeat(1000) })), false);
  assert.equal(isTooDeep(`[${"[],".repeat(1000)}[]]`), false);
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 6 }), (value) => {
      const json = JSON.stringify(value);
      const depth = depthOf(value);
      assert.deepEqual([isTooDeep(json, depth), isTooDeep(json, depth - 1)], [false, depth > 0]);
    }),
  );
});

const depthOf = (value: unknown): number =>
  typeof value !== "object" || value === null
    ? 0
    : 1 + Math.max(0, ...Object.values(value).map(depthOf));
