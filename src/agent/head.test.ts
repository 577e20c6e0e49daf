import assert from "node:assert/strict";
import { test } from "node:test";

import { z } from "zod";

import { defineTool, type Tool } from "../tools/tool.ts";
import { createHeads } from "./head.ts";

const read = defineTool({
  name: "read",
  description: "Reads a file.",
  effect: "none",
  input: z.object({
    path: z.string().describe("Path"),
    line: z.int().min(1).default(1),
    range: z.strictObject({ end: z.int() }).optional(),
  }),
  run: async () => "",
}) as Tool; // one of many, whose input nobody looks at here

test("a tool is offered by what its input takes, without what costs tokens and helps nobody", () => {
  assert.deepEqual(JSON.parse(createHeads([read]).for({ tools: true }, []).toolsJson), [
    {
      name: "read",
      description: "Reads a file.",
      schema: {
        type: "object",
        properties: {
          path: { type: "string", description: "Path" },
          line: { type: "integer", minimum: 1, default: 1 },
          range: { type: "object", properties: { end: { type: "integer" } }, required: ["end"] },
        },
        required: ["path"],
      },
    },
  ]);
});

test("the same head is the same text each time", () => {
  const heads = createHeads([read]);

  assert.deepEqual(heads.for({ tools: true }, ["x"]), heads.for({ tools: true }, ["x"]));
  assert.deepEqual(heads.for({ tools: true }, []), createHeads([read]).for({ tools: true }, []));
});

test("a model without tools is offered none", () => {
  const { tools, toolsJson } = createHeads([read]).for({ tools: false }, []);

  assert.deepEqual(tools, []);
  assert.equal(toolsJson, "[]");
});
