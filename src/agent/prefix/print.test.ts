import assert from "node:assert/strict";
import { test } from "node:test";

import type { Message } from "../../protocol/message.ts";
import { comparePrints, firstByteOf } from "./compare.ts";
import { createPrinter, partOf, type Print } from "./print.ts";
import { fromText, toText } from "./print-text.ts";

const user = (text: string): Message => ({ role: "user", text });
const tool = { name: "read", description: "Reads a file.", schema: {} };

const print = (more: {
  system?: string;
  tools?: (typeof tool)[];
  messages?: Message[];
  params?: object;
  contextTokens?: number;
}): Print =>
  createPrinter()(
    {
      system: "You are Isopod.",
      tools: [tool],
      messages: [user("one"), user("two")],
      contextTokens: 8192,
      ...more,
      params: { ...more.params },
    },
    { epoch: 1, weights: "abc" },
  );

const change = (after: Parameters<typeof print>[0], before: Parameters<typeof print>[0] = {}) =>
  comparePrints(print(before), print(after));

test("a prompt that goes on, or is the same, has not changed", () => {
  assert.equal(change({}), undefined);
  assert.equal(change({ messages: [user("one"), user("two"), user("three")] }), undefined);
});

test("the component that changed is named, the first one where there are several", () => {
  assert.equal(change({ system: "You are." })?.component, "system");
  assert.equal(change({ tools: [] })?.component, "tools");
  assert.equal(change({ messages: [user("one"), user("2")] })?.component, "history");
  assert.equal(change({ messages: [user("one")] })?.component, "history");
  assert.equal(change({ system: "x", messages: [user("2")] })?.component, "system");
});

test("what changes a template is named; what changes the answer alone is no change", () => {
  assert.deepEqual(change({ params: { think: true } })?.names, ["think"]);
  assert.deepEqual(change({ contextTokens: 4096 })?.names, ["num_ctx"]);
  assert.equal(change({ params: { temperature: 1, stop: ["x"], num_predict: 5 } }), undefined);
});

test("the byte is found to its block, in the message and in the prompt", () => {
  const text = "word ".repeat(100);
  const at = (index: number) => `${text.slice(0, index)}!${text.slice(index + 1)}`;
  const found = change(
    { messages: [user("one"), user(at(300))] },
    { messages: [user("one"), user(text)] },
  );
  assert.deepEqual(found?.message, { index: 1, role: "user" });
  const { within = 0, byte = 0 } = found ?? {};
  // The message is printed as JSON: a few bytes stand before its text.
  assert.ok(within <= 300 + 30 && within > 300 - 64, `${within}`);
  assert.ok(byte > within);
});

test("bytes are counted, not characters", () => {
  assert.equal(firstByteOf("날씨 좋다", "날씨 참 좋다"), 7 + 1);
  assert.equal(partOf("날씨").bytes, 6);
});

test("a print is kept as what is new since the one before, and read back whole", () => {
  const first = print({ messages: [user("one")] });
  const second = print({ messages: [user("one"), user("two")] });
  const third = print({ system: "Another", messages: [user("one"), user("2")] });
  const texts = [toText(first, undefined), toText(second, first), toText(third, second)];
  assert.ok((texts[1]?.length ?? 0) < (texts[0]?.length ?? 0));
  const back: (Print | undefined)[] = [];
  for (const text of texts) back.push(fromText(text, back.at(-1)));
  assert.deepEqual(back, [first, second, third]);
});

test("what cannot be read back is no print: a damaged text, or a difference from nothing", () => {
  const first = print({ messages: [user("one")] });
  assert.equal(fromText("{", undefined), undefined);
  assert.equal(fromText("{}", undefined), undefined);
  assert.equal(fromText(toText(print({}), first), undefined), undefined);
});

test("security: nothing of a text can be read in its print", () => {
  const secret = "the password is correct horse battery staple";
  const text = toText(print({ system: secret, messages: [user(secret)] }), undefined);
  for (const word of secret.split(" ")) assert.equal(text.includes(` ${word}`), false);
  assert.ok(text.length < 400);
});
