import assert from "node:assert/strict";
import { after, test } from "node:test";

import { createToolStage } from "../../test/fakes/tool-context.ts";
import type { Sandbox, SandboxCall, SandboxResult } from "../sandbox/sandbox.ts";
import { sandboxSetting } from "../sandbox/settings.ts";
import { createRun } from "./run.ts";
import { testTool } from "./tool.conformance.ts";

const stage = await createToolStage();
after(() => stage.remove());

const settings = sandboxSetting.schema.parse(undefined);
const run = createRun(settings);

/** A sandbox that says what it is told to. */
function saying(
  result: Partial<SandboxResult>,
  act?: (call: SandboxCall) => Promise<unknown>,
): Sandbox {
  return {
    name: "fake",
    async run(call, signal) {
      signal.throwIfAborted();
      await act?.(call);
      return { exitCode: 0, output: "", cutBytes: 0, ended: "exit", ...result };
    },
  };
}

testTool({
  tool: run,
  input: { command: "echo hi" },
  context: (signal) => stage.context({ signal, sandbox: saying({ output: "hi\n" }) }),
});

async function running(result: Partial<SandboxResult>) {
  return run.run({ command: "x" }, await stage.context({ sandbox: saying(result) }));
}

test("run returns what the command printed, and how it ended where that was not well", async () => {
  assert.equal(await running({ output: "hi\n" }), "hi");
  assert.equal(await running({}), "[done; it printed nothing]");
  assert.equal(await running({ output: "no\n", exitCode: 2 }), "no\n[exit code 2]");
  assert.equal(await running({ exitCode: 153 }), "[exit code 153: a file grew too large]");
  assert.equal(
    await running({ exitCode: null, ended: "timeout" }),
    "[ended: it took longer than 120 s]",
  );
  assert.match(await running({ exitCode: null, ended: "memory" }), /more than 1024 MB/);
});

test("run is off without a sandbox, and says why and what to do", async () => {
  const sandboxOff = { reason: "bubblewrap is not installed", fix: "sudo apt install bubblewrap" };
  await assert.rejects(run.run({ command: "x" }, await stage.context({ sandboxOff })), {
    code: "SANDBOX_OFF",
    message: /bubblewrap is not installed/,
    fix: "sudo apt install bubblewrap",
  });
});

test("run asks a person where sandbox.run says so, and is off where it says deny", async () => {
  const context = await stage.context({ sandbox: saying({}) });
  assert.equal(run.asks?.({ command: "x" }, context), undefined);
  assert.match(
    createRun({ ...settings, run: "ask" }).asks?.({ command: "x" }, context) ?? "",
    /ask/,
  );
  await assert.rejects(createRun({ ...settings, run: "deny" }).run({ command: "x" }, context), {
    code: "SANDBOX_OFF",
  });
});

test("security: run says which files that other programs run were written without a question", async () => {
  const context = await stage.context();
  const { workspace } = context;
  await workspace.write(".git/config", Buffer.from("[core]"));
  await workspace.write(".git/objects/ab/c", Buffer.from("x"));
  const sandbox = saying({ output: "ok" }, async () => {
    await workspace.write(".git/hooks/pre-commit", Buffer.from("#!/bin/sh"));
    await workspace.write(".git/objects/ab/d", Buffer.from("x"));
    await workspace.write(".envrc", Buffer.from("x"));
    await workspace.write("notes.md", Buffer.from("x"));
  });
  const text = await run.run({ command: "x" }, { ...context, sandbox });
  assert.equal(
    text,
    "ok\n[changed files that programs outside the sandbox may run: .envrc, .git/hooks/pre-commit. Tell the person]",
  );
  assert.equal(
    await run.run({ command: "x" }, { ...context, sandbox: saying({ output: "ok" }) }),
    "ok",
  );
});

test("security: run says when a folder became a repository by one file", async () => {
  for (const [path, content] of [
    [".git", "gitdir: elsewhere"],
    ["HEAD", "ref: refs/heads/main"],
  ] as const) {
    const context = await stage.context();
    const { workspace } = context;
    const sandbox = saying({ output: "ok" }, async () => {
      await workspace.write(path, Buffer.from(content));
    });
    const text = await run.run({ command: "x" }, { ...context, sandbox });
    assert.match(text, new RegExp(`may run: ${path.replace(".", "[.]")}\\. Tell`));
  }
});
