import assert from "node:assert/strict";
import { after, test } from "node:test";

import { createToolStage } from "../../test/fakes/tool-context.ts";
import { remember } from "./remember.ts";
import { testTool } from "./tool.conformance.ts";

const stage = await createToolStage();
after(() => stage.remove());

testTool({
  tool: remember,
  input: { text: "The person likes tea" },
  context: (signal) => stage.context({ signal }),
});

test("remember keeps a fact once", async () => {
  const context = await stage.context();
  assert.equal(await remember.run({ text: "tea" }, context), "Remembered");
  assert.equal(await remember.run({ text: " tea " }, context), "[remembered already]");
  assert.deepEqual(await context.memory.list(), ["tea"]);
});
