/** What every tool keeps: one call of `testTool` from its test file. */

import assert from "node:assert/strict";
import { test } from "node:test";

import { Fault } from "../base/fault.ts";
import { parseArguments, toSpec } from "./spec.ts";
import type { Tool, ToolContext } from "./tool.ts";

/** Each request carries every tool: one may take its share of the 1,500 tokens, not more. */
const MAX_SPEC_CHARS = 1000;

export type ToolExample<Input> = {
  tool: Tool<Input>;
  /** A fresh context in which `input` works, with `signal` for its signal. */
  context(signal: AbortSignal): Promise<ToolContext>;
  /** As a model would write it. */
  input: Record<string, unknown>;
};

export function testTool<Input>({ tool, context, input }: ToolExample<Input>): void {
  const { name } = tool;
  const signal = new AbortController().signal;
  const parsed = () => parseArguments(tool, JSON.stringify(input));

  test(`${name}: is described to a model in few words and a plain schema`, () => {
    const spec = toSpec(tool as Tool);
    assert.match(spec.name, /^[a-z][a-z_]{1,20}$/);
    assert.ok(spec.description.split(/[.] /).length <= 3, "at most three short sentences");
    const text = JSON.stringify(spec);
    assert.ok(text.length <= MAX_SPEC_CHARS, `${text.length} characters`);
    assert.doesNotMatch(text, /\$schema|\$ref|anyOf|oneOf|additionalProperties|9007199254740991/);
    assert.equal(Reflect.get(spec.schema, "type"), "object");
  });

  test(`${name}: says the same each time it is described`, () => {
    assert.equal(JSON.stringify(toSpec(tool as Tool)), JSON.stringify(toSpec(tool as Tool)));
  });

  test(`${name}: refuses what is no object, and tells the model the form`, () => {
    for (const json of ["[1]", "7", '"text"', "{not json"]) {
      assert.throws(() => parseArguments(tool, json), {
        code: "TOOL_ARGUMENTS_WRONG",
        fix: new RegExp(`^Call ${name} with \\{`),
      });
    }
  });

  test(`${name}: returns text that is not empty`, async () => {
    const text = await tool.run(parsed(), await context(signal));
    assert.ok(text.length > 0);
  });

  test(`${name}: passes on the signal's reason when it is stopped before it starts`, async () => {
    const reason = new Error("stop was pressed");
    const stopped = await context(AbortSignal.abort(reason));
    if (tool.effect === "none") return; // a short look may finish
    await assert.rejects(tool.run(parsed(), stopped), reason);
  });

  if (tool.before) {
    test(`${name}: knows after a crash whether its effect took place`, async () => {
      const here = await context(signal);
      const before = (await tool.before?.(parsed(), here)) ?? "";
      assert.ok(before.length < 500, "digests, never content");
      assert.equal(await tool.reconcile?.(parsed(), before, here), "no");
      await tool.run(parsed(), here);
      assert.equal(await tool.reconcile?.(parsed(), before, here), "yes");
    });
  }

  if (Object.hasOwn(input, "path")) {
    test(`security: ${name} does not leave the workspace`, async () => {
      const here = await context(signal);
      for (const path of ["../x", "/etc/passwd", "a/../../x", "~/x"]) {
        const leaving = parseArguments(tool, JSON.stringify({ ...input, path }));
        await assert.rejects(tool.run(leaving, here), (error) => {
          return error instanceof Fault && error.code === "PATH_OUTSIDE_WORKSPACE";
        });
      }
    });
  }
}
