import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

import { readConfigText } from "./config-text.ts";

test("security: a pipe, a device or a huge file in place of the config holds nothing up, and says what it is", (t) => {
  const folder = mkdtempSync(join(tmpdir(), "isopod-text-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const at = (name: string) => join(folder, name);

  execFileSync("mkfifo", [at("pipe")]);
  assert.throws(() => readConfigText(at("pipe")), /it is no file/);
  symlinkSync("/dev/zero", at("zero"));
  assert.throws(() => readConfigText(at("zero")), /it is no file/);
  writeFileSync(at("huge"), "");
  truncateSync(at("huge"), 8 * 1024 ** 3);
  assert.throws(() => readConfigText(at("huge")), /more than 4 MiB/);
  assert.throws(() => readConfigText(folder), /it is no file/);
  assert.throws(() => readConfigText(at("none")), { code: "ENOENT" });

  writeFileSync(at("small"), "{ a: 'é' }");
  symlinkSync(at("small"), at("link"));
  assert.equal(readConfigText(at("link")), "{ a: 'é' }");
});
