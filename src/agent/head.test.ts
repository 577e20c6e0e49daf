import assert from "node:assert/strict";
import { test } from "node:test";

import { z } from "zod";

import { defineTool, type Tool } from "../tools/tool.ts";
import { createHeads } from "./head.ts";

const read = defineTool({
  name: "read",
  description: "Reads a file.",
  effect: "none",
  input: z.object({ path: z.string() }),
  run: async () => "",
}) as Tool; // one of many, whose input nobody looks at here

const REACH = { mode: "private", private: false } as const;

test("tools are sent as the text that an epoch stores", () => {
  const { tools, toolsJson } = createHeads([read]).for({ tools: true }, [], REACH);

  assert.deepEqual(JSON.parse(toolsJson), tools);
  assert.equal(tools[0]?.name, "read");
});

test("the same head is the same text each time", () => {
  const heads = createHeads([read]);

  assert.deepEqual(
    heads.for({ tools: true }, ["x"], REACH),
    heads.for({ tools: true }, ["x"], REACH),
  );
  assert.deepEqual(
    heads.for({ tools: true }, [], REACH),
    createHeads([read]).for({ tools: true }, [], REACH),
  );
});

test("a model without tools is offered none", () => {
  const { tools, toolsJson } = createHeads([read]).for({ tools: false }, [], REACH);

  assert.deepEqual(tools, []);
  assert.equal(toolsJson, "[]");
});
