import assert from "node:assert/strict";
import { mkdir, mkdtemp, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";

import { createWorkspaceChecks } from "./checks.ts";

const signal = new AbortController().signal;
const top = await realpath(await mkdtemp(join(tmpdir(), "workspace-checks-")));
after(() => rm(top, { recursive: true, force: true }));

const look = async (folder: string, keepOut: string[] = []) => {
  const [usable, size] = createWorkspaceChecks({ folder, keepOut });
  assert.ok(usable && size);
  return { usable: () => usable.run(signal), size: () => size.run(signal) };
};

test("doctor finds a workspace well, and counts its files", async () => {
  const folder = join(top, "workspace");
  await mkdir(folder);
  await writeFile(join(folder, "a"), "");
  const checks = await look(folder);
  assert.deepEqual(await checks.usable(), { state: "ok", detail: folder });
  assert.deepEqual(await checks.size(), { state: "ok", detail: "1 files" });
});

test("doctor says when the workspace overlaps the state, or cannot be written", async () => {
  const overlap = await (await look(top, [join(top, "state")])).usable();
  assert.ok(overlap.state === "failed" && overlap.fault.code === "WORKSPACE_OVERLAPS");
  const unwritable = await (await look("/proc/1/x")).usable();
  assert.ok(unwritable.state === "failed" && unwritable.fault.code === "WORKSPACE_READONLY");
});
