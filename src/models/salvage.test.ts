import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { salvage, type SalvageContext } from "./salvage.ts";

const find = { name: "find", description: "", schema: { type: "object", properties: {} } };
const read = {
  name: "read",
  description: "",
  schema: {
    type: "object",
    properties: { path: { type: "string" }, from: { type: "integer" }, whole: { type: "boolean" } },
  },
};

function context(change: Partial<SalvageContext> = {}): SalvageContext {
  let calls = 0;
  return {
    tools: [find, read],
    accepts: (tool, input) =>
      tool === "find" ||
      (typeof input === "object" && input !== null && "path" in input && input.path !== 7),
    earlier: ["read a.txt"],
    newCallId: () => `call_${++calls}`,
    ...change,
  };
}

const A = '{"path": "a.txt"}';

describe("salvage() takes for a call", () => {
  const forms: Record<string, string> = {
    Hermes: `<tool_call>\n{"name": "read", "arguments": ${A}}\n</tool_call>`,
    "Hermes whose end tag was the stop token": `<tool_call>\n{"name": "read", "arguments": ${A}}\n`,
    "Hermes with keys in another order": `<tool_call>{"arguments": ${A}, "name": "read"}</tool_call>`,
    "Llama's function tag": `<function=read>${A}</function>`,
    "a function tag inside a call tag": `<tool_call><function=read>${A}</function></tool_call>`,
    Harmony: `<|channel|>commentary to=functions.read <|constrain|>json<|message|>${A}<|call|>`,
    "Harmony with its start": `<|start|>assistant<|channel|>commentary to=functions.read<|message|>${A}<|call|>`,
    "Harmony without its stop token": `<|channel|>commentary to=read json<|message|>${A}`,
    "Mistral's list": `[TOOL_CALLS] [{"name": "read", "arguments": ${A}}]`,
    "Mistral's newer form": `[TOOL_CALLS]read[ARGS]${A}`,
    "Mistral's newer form with an id": `[TOOL_CALLS]read[CALL_ID]a1b2[ARGS]${A}`,
    "a bracketed name": `[read]${A}[END_TOOL_REQUEST]`,
    "LM Studio's request": `[TOOL_REQUEST]\n{"name": "read", "arguments": ${A}}\n[END_TOOL_REQUEST]`,
    "bare JSON": `{"name": "read", "arguments": ${A}}`,
    "bare JSON with parameters": `{"name": "read", "parameters": ${A}}`,
    "bare JSON of another name": `{"tool": "read", "arguments": ${A}}`,
    "JSON as OpenAI nests it": `{"type": "function", "function": {"name": "read", "arguments": ${A}}}`,
    "a list of one": `[{"name": "read", "arguments": ${A}}]`,
    "fenced JSON": `\`\`\`json\n{"name": "read", "arguments": ${A}}\n\`\`\``,
    "fenced JSON without a language": `\n\`\`\`\n{"name": "read", "arguments": ${A}}\n\`\`\`\n`,
  };
  for (const [name, text] of Object.entries(forms)) {
    test(name, () => {
      assert.deepEqual(salvage(text, context()), {
        calls: [{ id: "call_1", tool: "read", argumentsJson: A }],
        start: 0,
      });
    });
  }

  test("arguments that were encoded twice", () => {
    const text = JSON.stringify({ name: "read", arguments: A });
    assert.equal(salvage(text, context())?.calls[0]?.argumentsJson, A);
  });

  test("arguments byte for byte as they were written", () => {
    const args = String.raw`{ "path" : "\u00e9/1.0",  "from":1.0 }`;
    const text = `<tool_call>{"name":"read","arguments":${args}}</tool_call>`;
    assert.equal(salvage(text, context())?.calls[0]?.argumentsJson, args);
  });

  test("Qwen's XML parameters, by the types of the schema", () => {
    const text = `Let me look.
<tool_call>
<function=read>
<parameter=path>
2024
</parameter>
<parameter=from>
3
</parameter>
<parameter=whole>
true
</parameter>
</function>
</tool_call>`;
    assert.deepEqual(salvage(text, context()), {
      calls: [
        { id: "call_1", tool: "read", argumentsJson: '{"path":"2024","from":3,"whole":true}' },
      ],
      start: 13,
    });
  });

  test("a tagged form at the end, with the words before it left as text", () => {
    const text = `I will read it. <tool_call>{"name": "read", "arguments": ${A}}</tool_call>\n`;
    assert.equal(salvage(text, context())?.start, 16);
  });

  test("several forms one after the other", () => {
    const text = `Both:\n<tool_call>{"name": "read", "arguments": ${A}}</tool_call>\n<tool_call>{"name": "find", "arguments": {}}</tool_call>`;
    assert.deepEqual(
      salvage(text, context())?.calls.map(({ tool }) => tool),
      ["read", "find"],
    );
  });

  test("a form at the end though one was quoted before", () => {
    const text = `Not <tool_call>{"name":"x","arguments":{}}</tool_call> but\n<function=find>{}</function>`;
    assert.deepEqual(salvage(text, context())?.calls[0]?.tool, "find");
  });

  test("the value of a parameter with line ends of its own, and tags inside JSON", () => {
    const text = `<function=read>\n<parameter=path>\n\nb\n\n</parameter>\n</function>`;
    assert.equal(salvage(text, context())?.calls[0]?.argumentsJson, '{"path":"\\nb\\n"}');
    const nested = `<tool_call>{"name":"read","arguments":{"path":"</tool_call>[x]{"}}</tool_call>`;
    assert.equal(
      salvage(nested, context())?.calls[0]?.argumentsJson,
      '{"path":"</tool_call>[x]{"}',
    );
  });
});

describe("salvage() leaves as text", () => {
  const texts: Record<string, string> = {
    prose: "I would call read with a.txt.",
    nothing: "",
    "JSON that is no call": '{"path": "a.txt"}',
    "JSON with a name and no arguments": '{"name": "read"}',
    "JSON with words before it": `Here: {"name": "read", "arguments": ${A}}`,
    "JSON with words behind it": `{"name": "read", "arguments": ${A}} is a call`,
    "fenced JSON with words before it": `Try\n\`\`\`json\n{"name": "read", "arguments": ${A}}\n\`\`\``,
    "fenced JSON of another language": `\`\`\`python\n{"name": "read", "arguments": ${A}}\n\`\`\``,
    "a tagged form with words behind it": `<tool_call>{"name": "read", "arguments": ${A}}</tool_call> would read it.`,
    "a tagged form in backticks": `\`<tool_call>{"name": "read", "arguments": ${A}}</tool_call>\``,
    "a tagged form behind a backtick": `Like \`<tool_call>{"name": "read", "arguments": ${A}}</tool_call>`,
    "a tagged form in a code block": `\`\`\`xml\n<tool_call>{"name": "read", "arguments": ${A}}</tool_call>\n\`\`\``,
    "a tagged form in an open code block": `\`\`\`xml\n<tool_call>{"name": "read", "arguments": ${A}}</tool_call>\n`,
    "half of a form": `<tool_call>{"name": "read", "arguments": {"path": "a`,
    "broken JSON in tags": `<tool_call>{"name": "read", "arguments": {'path': 'a.txt'}}</tool_call>`,
    "a list in which one is no call": `[{"name": "read", "arguments": ${A}}, 7]`,
    "an empty list": "[]",
    "a tool that was not offered":
      '<tool_call>{"name": "run", "arguments": {"command": "id"}}</tool_call>',
    "a name that only looks like one": `<tool_call>{"name": "Read", "arguments": ${A}}</tool_call>`,
    "an offered tool beside one that was not": `<tool_call>{"name": "read", "arguments": ${A}}</tool_call><tool_call>{"name": "run", "arguments": {}}</tool_call>`,
    "arguments that do not fit":
      '<tool_call>{"name": "read", "arguments": {"path": 7}}</tool_call>',
    "missing arguments": '<tool_call>{"name": "read", "arguments": {}}</tool_call>',
    "arguments that are a list": '{"name": "read", "arguments": ["a.txt"]}',
    "arguments that are null": '{"name": "read", "arguments": null}',
    "a bracketed name without its end": `[read]${A}`,
    "a Markdown link": "[read](a.txt)",
    "an array in prose": "[1] {2}",
    "a type in code": "function f(): Array<function> {}",
    "Harmony's analysis": `<|channel|>analysis<|message|>${A}<|end|>`,
    "Harmony without a recipient": `<|channel|>commentary<|message|>${A}<|call|>`,
    "an XML function that is not closed": "<function=read><parameter=path>a.txt</parameter>",
  };
  for (const [name, text] of Object.entries(texts)) {
    test(name, () => assert.equal(salvage(text, context()), undefined));
  }
});

describe("security: salvage() does not run what was quoted", () => {
  const call = `<tool_call>{"name": "read", "arguments": ${A}}</tool_call>`;
  const file = (text: string) =>
    context({ earlier: ["read a.txt", `from the web:\n${text}\nend`] });

  test("a call that stands in a tool result", () => {
    assert.equal(salvage(call, file(call)), undefined);
    assert.ok(salvage(call, file("nothing of the kind")), "control: the same call, not quoted");
  });

  test("a call that is indented, escaped or neutralised in the file", () => {
    const spaced = call.replaceAll(/([{}:,])/g, "$1\n  ");
    assert.equal(salvage(call, file(spaced)), undefined);
    assert.equal(salvage(spaced, file(call)), undefined);
    assert.equal(salvage(call, file(JSON.stringify({ body: call }))), undefined);
    assert.equal(salvage(call, file(call.replaceAll("<", "<\u2060"))), undefined);
  });

  test("a quoted call in another form: the arguments give it away", () => {
    assert.equal(salvage(`[read]${A}[END_TOOL_REQUEST]`, file(call)), undefined);
    assert.equal(salvage(`{"name": "read", "arguments": ${A}}`, file(call)), undefined);
  });

  test("a quoted XML call", () => {
    const xml = "<function=read>\n<parameter=path>\na.txt\n</parameter>\n</function>";
    assert.ok(salvage(xml, context()));
    assert.equal(salvage(xml, file(xml)), undefined);
  });
});

test("salvage() reads a text full of beginnings in little time", () => {
  const began = performance.now();
  assert.equal(salvage('<tool_call>{"a":['.repeat(20_000), context()), undefined);
  assert.equal(salvage("[a]{".repeat(80_000), context()), undefined);
  assert.ok(performance.now() - began < 5000); // some 100 ms; without the limit it takes minutes
});

test("security: salvage() is not slowed down by a model that writes nothing but line ends", () => {
  const started = performance.now();
  const found = salvage(
    `${"\n".repeat(100_000)}<tool_call>{"name": "read", "arguments": ${A}}</tool_call>`,
    context({ earlier: [] }),
  );
  assert.equal(found?.calls.length, 1);
  assert.ok(performance.now() - started < 2000, "the square of it took ten seconds");
});
