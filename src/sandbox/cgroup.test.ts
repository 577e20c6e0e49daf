import assert from "node:assert/strict";
import { test } from "node:test";

import { findGroupFolder, parseGroupFolder } from "./cgroup.ts";

test("parseGroupFolder() prefers the counter of processes of version 1", () => {
  const v1 = "30 25 0:26 / /sys/fs/cgroup/pids rw,relatime - cgroup cgroup rw,pids";
  const v2 = "31 25 0:27 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw";
  assert.equal(parseGroupFolder(`${v2}\n${v1}`), "/sys/fs/cgroup/pids");
  assert.equal(parseGroupFolder(v2), "/sys/fs/cgroup/unified");
  assert.equal(parseGroupFolder("22 1 8:1 / / rw - ext4 /dev/sda1 rw"), undefined);
});

test("security: two that look for the folder at once find the same one, or a sandbox would not count", async () => {
  const alone = await findGroupFolder();
  const together = await Promise.all(Array.from({ length: 16 }, findGroupFolder));
  assert.deepEqual([...new Set(together)], [alone]);
});
