import assert from "node:assert/strict";
import { describe, test } from "node:test";

import fc from "fast-check";

import { salvage, type SalvageContext } from "./salvage.ts";
import { createSalvageGate } from "./salvage-gate.ts";

const context: SalvageContext = {
  tools: [
    { name: "find", description: "", schema: {} },
    { name: "read", description: "", schema: {} },
  ],
  accepts: () => true,
  earlier: [],
  newCallId: () => "call",
};

const CALLS = [
  '<tool_call>\n{"name": "read", "arguments": {"path": "a"}}\n</tool_call>',
  "<tool_call><function=find></function></tool_call>",
  '<function=read>{"path": "<b>"}</function>',
  '<|channel|>commentary to=functions.read <|constrain|>json<|message|>{"path": "a"}<|call|>',
  '[TOOL_CALLS][{"name": "find", "arguments": {}}]',
  '[TOOL_CALLS]read[ARGS]{"path": "a"}',
  '[read]{"path": "a"}[END_TOOL_REQUEST]',
  '[TOOL_REQUEST]{"name": "find", "arguments": {}}[END_TOOL_REQUEST]',
];

/** Shows a text piece by piece; returns what was visible after each piece, and the end. */
function stream(pieces: readonly string[], change: Partial<SalvageContext> = {}) {
  const gate = createSalvageGate({ ...context, ...change });
  let shown = "";
  const steps = pieces.map((piece) => (shown += gate.push(piece)));
  const end = gate.end();
  return { steps, shown: shown + end.text, calls: end.calls };
}

const letters = (text: string) => [...text];

describe("the gate shows at once", () => {
  const prose = [
    "Hello, how are you?",
    "if (a < b && c[0] > d) return;",
    "- [ ] buy milk\n- [x] eggs [link](http://a/) [1]",
    "# A\n\n`code` <b>bold</b> a < b",
    '{"path": "a.txt"} is an object',
    "The <tool_call> tag opens a call.",
    "```ts\nconst a = 1;\n```\nThat is all.",
  ];
  for (const text of prose) {
    test(JSON.stringify(text.slice(0, 30)), () => {
      const { steps, shown } = stream(letters(`${text} And on.`));
      assert.equal(shown, `${text} And on.`);
      assert.ok((steps.at(-1) ?? "").length >= text.length, "something was held to the end");
    });
  }
});

describe("nobody sees any part of", () => {
  for (const call of CALLS) {
    test(JSON.stringify(call.slice(0, 24)), () => {
      const { steps, shown, calls } = stream(letters(`One moment. ${call}`));
      assert.equal(calls.length, 1);
      assert.equal(shown.trim(), "One moment.");
      for (const step of steps) assert.ok("One moment. ".startsWith(step), step);
    });
  }

  test("a call as JSON that is the whole message", () => {
    for (const text of [
      '{"name": "read", "arguments": {"path": "a"}}',
      '```json\n{"name": "read", "arguments": {"path": "a"}}\n```',
      '\n[{"function": {"name": "find", "arguments": "{}"}}]\n',
    ]) {
      const { shown, calls } = stream(letters(text));
      assert.deepEqual([shown, calls.length], ["", 1], text);
    }
  });
});

test("the gate lets go of a quoted call once words follow it", () => {
  const { steps } = stream([`${CALLS[0]} is`, " how"]);
  assert.equal(steps[0], `${CALLS[0]} is`);
});

test("the gate lets go of JSON once words follow it", () => {
  const json = '{"name": "read", "arguments": {}}';
  const { steps } = stream([json, " is", " JSON"]);
  assert.deepEqual(steps, ["", `${json} is`, `${json} is JSON`]);
});

test("the gate shows a held text at the end when it was no call", () => {
  const text = 'Look: <tool_call>{"name": "unknown", "arguments": {}}</tool_call>';
  assert.deepEqual(stream(letters(text)).shown, text);
  assert.equal(stream(letters('{"name": "Kim"')).shown, '{"name": "Kim"');
});

test("the gate holds nothing where no tool was offered", () => {
  const text = CALLS[0] ?? "";
  assert.deepEqual(
    stream(letters(text), { tools: [] }).steps,
    letters(text).map((_, at) => text.slice(0, at + 1)),
  );
});

test("the gate holds a bounded amount, and what was shown stays text", () => {
  const big = `<tool_call>{"name": "read", "arguments": {"path": "${"x".repeat(300 * 1024)}"}}</tool_call>`;
  const pieces = big.match(/[^]{1,1000}/g) ?? [];
  const { steps, shown, calls } = stream(pieces);
  assert.ok((steps.at(-2) ?? "").length > 0);
  assert.deepEqual([shown, calls], [big, []]);
});

test("the gate agrees with salvage() however the text is cut", () => {
  const part = fc.oneof(
    fc.constantFrom(...CALLS, ...CALLS.map((call) => call.slice(0, -3)), ..."<[{}]`\n ".split("")),
    fc.constantFrom("```json\n", '{"name": "find", "arguments": {}}', "so ", "```"),
    fc.string({ maxLength: 5 }),
  );
  const message = fc.array(part, { maxLength: 5 }).map((parts) => parts.join(""));
  fc.assert(
    fc.property(
      message,
      fc.array(fc.integer({ min: 1, max: 40 }), { minLength: 1 }),
      (text, sizes) => {
        const pieces: string[] = [];
        for (let at = 0, i = 0; at < text.length; i++) {
          const size = sizes[i % sizes.length] ?? 1;
          pieces.push(text.slice(at, at + size));
          at += size;
        }
        const found = salvage(text, context);
        const { shown, calls } = stream(pieces);
        assert.deepEqual(calls, found?.calls ?? []);
        if (found) assert.equal(shown.trimEnd(), text.slice(0, found.start).trimEnd());
        else assert.equal(shown, text);
      },
    ),
    { numRuns: 3000 },
  );
});
