import assert from "node:assert/strict";
import { mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";

import { createWorkspace } from "../tools/workspace-folder.ts";
import { readNotes } from "./notes.ts";

const { signal } = new AbortController();
const memory = { add: async () => {}, list: async () => ["Likes tea"] };

async function createFolder(t: TestContext) {
  const root = await mkdtemp(join(tmpdir(), "isopod-notes-"));
  t.after(() => rm(root, { recursive: true }));
  return { root, workspace: await createWorkspace(root) };
}

test("notes of the workspace and memories open an epoch", async (t) => {
  const { root, workspace } = await createFolder(t);
  await writeFile(join(root, "AGENTS.md"), "Bills are in bills/.");

  const [message] = await readNotes({ tools: true }, { workspace, memory }, signal);

  assert.match(message?.text ?? "", /Bills are in bills\/\./);
  assert.match(message?.text ?? "", /- Likes tea/);
});

test("a model without tools is given memories only", async (t) => {
  const { root, workspace } = await createFolder(t);
  await writeFile(join(root, "AGENTS.md"), "Bills are in bills/.");

  const [message] = await readNotes({ tools: false }, { workspace, memory }, signal);

  assert.doesNotMatch(message?.text ?? "", /Bills/);
  assert.match(message?.text ?? "", /Likes tea/);
});

test("security: notes that are a link to somewhere else are not read", async (t) => {
  const { root, workspace } = await createFolder(t);
  await symlink("/etc/hostname", join(root, "AGENTS.md"));
  const nothing = { ...memory, list: async () => [] };

  assert.deepEqual(await readNotes({ tools: true }, { workspace, memory: nothing }, signal), []);
});

test("notes larger than any model should read cost no more than their beginning", async (t) => {
  const { root, workspace } = await createFolder(t);
  await writeFile(join(root, "AGENTS.md"), "x".repeat(1_000_000));

  const [message] = await readNotes({ tools: true }, { workspace, memory }, signal);

  assert.ok((message?.text.length ?? 0) < 3_000);
});
