import assert from "node:assert/strict";
import { chmodSync, chownSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";

import { lockFolder } from "./lock.ts";

const top = mkdtempSync(join(tmpdir(), "isopod-lock-"));
after(() => rmSync(top, { recursive: true }));

function folder(name: string, mode: number): string {
  const path = join(top, name);
  mkdirSync(path);
  chmodSync(path, mode);
  return path;
}

test("security: a state folder that others can write is not used: they could lay down its store", () => {
  for (const mode of [0o777, 0o770, 0o702, 0o1777]) {
    const path = folder(`shared-${mode.toString(8)}`, mode);
    assert.throws(() => lockFolder(path), { code: "STORE_EXPOSED" }, mode.toString(8));
    assert.deepEqual(readdirSync(path), []);
  }
  for (const mode of [0o700, 0o755]) {
    lockFolder(folder(`own-${mode.toString(8)}`, mode)).release();
  }
});

test(
  "security: a state folder of another user is not used",
  { skip: process.getuid?.() !== 0 && "only root can give a folder away" },
  () => {
    const path = folder("foreign", 0o755);
    chownSync(path, 1001, 1001);
    assert.throws(() => lockFolder(path), { code: "STORE_UNREADABLE", message: /1001/ });
    assert.deepEqual(readdirSync(path), []);
  },
);
