import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";

import { createLog } from "./log.ts";

const folder = mkdtempSync(join(tmpdir(), "isopod-log-"));
after(() => rmSync(folder, { recursive: true }));

test("a line is in the file at once, in a file that its owner alone reads", () => {
  const path = join(folder, "own.log");
  createLog({ path }).info({ port: 1 }, "started");
  const line: unknown = JSON.parse(readFileSync(path, "utf8"));
  assert.partialDeepStrictEqual(line, { level: 30, port: 1, msg: "started" });
  assert.equal(statSync(path).mode & 0o777, 0o600);
});

test("security: what is called a key, a token or a cookie is struck out", () => {
  const path = join(folder, "secret.log");
  createLog({ path }).warn(
    { apiKey: "s3cret", request: { token: "s3cret" }, cookie: "s3cret" },
    "x",
  );
  assert.doesNotMatch(readFileSync(path, "utf8"), /s3cret/);
});

test("a disk that is full costs the line, not the work of who logs", () => {
  const log = createLog({ path: "/dev/full" });
  log.error({ err: new Error("something") }, "first");
  log.error({}, "second");
});
