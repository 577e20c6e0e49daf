import assert from "node:assert/strict";
import { chown, mkdtemp, readdir, realpath, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";

import { createFakePrograms } from "../../test/fakes/programs.ts";
import { createBubblewrap } from "./bubblewrap.ts";
import { isFull, readRoom, type Room } from "./disk.ts";

const GIB = 1024 ** 3;
const FILL = `i=0; while :; do i=$((i+1)); head -c 1000000 /dev/zero >f$i; sleep 0.02; done`;

async function scene(t: TestContext, roomIn: (folder: string) => Promise<Room | undefined>) {
  const workspace = await realpath(await mkdtemp(join(tmpdir(), "disk-test-")));
  t.after(() => rm(workspace, { recursive: true, force: true }));
  if (process.getuid?.() === 0) await chown(workspace, 1001, 1001);
  const programs = createFakePrograms();
  const limits = { memoryMb: 256, processes: 32, outputBytes: 4000 };
  const sandbox = createBubblewrap({ programs, limits, hidden: [], roomIn });
  const run = () =>
    sandbox.run({ command: FILL, workspace, timeoutMs: 20_000 }, new AbortController().signal);
  return { workspace, programs, run };
}

test("security: many files below the limit of one do not fill the disk: the command is ended in time", async (t) => {
  const room = { freeBytes: 1.02 * GIB, totalBytes: 100 * GIB };
  const { workspace, run } = await scene(t, async (folder) => {
    const names = await readdir(folder);
    return { ...room, freeBytes: room.freeBytes - names.length * 1e6 };
  });
  const { ended } = await run();
  assert.equal(ended, "disk");
  const files = await readdir(workspace);
  assert.ok(files.length > 0 && files.length < 300, `${files.length} files`);
});

test("security: on a disk that is nearly full nothing is begun", async (t) => {
  const { workspace, programs, run } = await scene(t, async () => ({
    freeBytes: GIB - 1,
    totalBytes: 100 * GIB,
  }));
  assert.equal((await run()).ended, "disk");
  assert.deepEqual([programs.started.length, await readdir(workspace)], [0, []]);
});

test("a small disk keeps a twentieth, a large one a gibibyte, and one that tells nothing is not judged", async () => {
  assert.ok(isFull({ freeBytes: 0.9 * GIB, totalBytes: 1000 * GIB }));
  assert.ok(!isFull({ freeBytes: 0.9 * GIB, totalBytes: 10 * GIB }));
  assert.ok(isFull({ freeBytes: 0.4 * GIB, totalBytes: 10 * GIB }));
  assert.ok(!isFull(undefined));
  assert.equal(await readRoom(join(tmpdir(), "no-such-folder-at-all")), undefined);
  assert.ok(((await readRoom(tmpdir()))?.totalBytes ?? 0) > 0);
});
