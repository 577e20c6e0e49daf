import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";

import { systemClock } from "../base/clock.ts";
import { silentLog } from "../base/log.ts";
import { createLedger } from "./ledger.ts";

const LINE = {
  kind: "request",
  purpose: "models.chat",
  host: "127.0.0.1:11434",
  address: "127.0.0.1",
  sentBytes: 10,
  receivedBytes: 20,
  verdict: "allowed",
} as const;

test("tail() knows lines before and after they are written, oldest first", async (t) => {
  const { ledger } = create(t);
  ledger.append({ ...LINE, purpose: "one" });
  assert.deepEqual((await ledger.tail(10)).map(purpose), ["one"]);
  ledger.flush();
  ledger.append({ ...LINE, purpose: "two" });
  ledger.append({ ...LINE, purpose: "three", at: 5 });
  assert.deepEqual((await ledger.tail(10)).map(purpose), ["one", "two", "three"]);
  assert.deepEqual((await ledger.tail(2)).map(purpose), ["two", "three"]);
  assert.deepEqual(await ledger.tail(0), []);
  assert.equal((await ledger.tail(1))[0]?.at, 5);
});

test("lines outlive the gateway, in a file that its owner alone can read", async (t) => {
  const { ledger, path, again } = create(t);
  ledger.append(LINE);
  ledger.close();
  assert.equal(statSync(path).mode & 0o777, 0o600);
  assert.deepEqual((await again().tail(10)).map(purpose), ["models.chat"]);
});

test("a full file becomes the older one, and the older one before it goes", async (t) => {
  const { ledger, path } = create(t, 1000);
  for (let n = 0; n < 50; n++) {
    ledger.append({ ...LINE, purpose: `n${n}` });
    ledger.flush();
  }
  const lines = (await ledger.tail(1000)).map(purpose);
  assert.equal(lines.at(-1), "n49");
  assert.ok(lines.length >= 6 && lines.length < 20, String(lines.length));
  assert.ok(statSync(path).size < 1300);
  assert.ok(statSync(path.replace(".jsonl", ".1.jsonl")).size < 1300);
});

test("a line that a crash cut short costs that line only", async (t) => {
  const { again, path } = create(t);
  writeFileSync(path, `{"at":1,"kind":"req\n`);
  const ledger = again();
  ledger.append(LINE);
  ledger.flush();
  assert.deepEqual((await ledger.tail(10)).map(purpose), ["models.chat"]);
});

test("a ledger that cannot be written says so and writes on when it can", async (t) => {
  const { again, path } = create(t);
  const folder = `${path}.d`;
  const ledger = again(join(folder, "ledger.jsonl"));
  ledger.append(LINE);
  ledger.flush();
  assert.match(String(ledger.failure()), /ENOENT/);
  assert.equal((await ledger.tail(10)).length, 1);
  const { mkdirSync } = await import("node:fs");
  mkdirSync(folder);
  ledger.flush();
  assert.equal(ledger.failure(), undefined);
  assert.equal((await ledger.tail(10)).length, 1);
});

test("security: a hostile host name is one line and no longer than one can read", async (t) => {
  const { ledger, path } = create(t);
  ledger.append({ ...LINE, host: `evil\n{"at":1}\u001b[2J${"x".repeat(5000)}` });
  ledger.flush();
  const text = readFileSync(path, "utf8");
  assert.equal(text.trimEnd().split("\n").length, 1);
  assert.ok(text.length < 800);
  assert.ok(!text.includes("\u001b"));
});

test("security: a link in the ledger's place is not followed", async (t) => {
  const { again, path } = create(t);
  const target = `${path}.target`;
  writeFileSync(target, "precious");
  symlinkSync(target, path);
  const ledger = again();
  ledger.append(LINE);
  ledger.flush();
  assert.match(String(ledger.failure()), /ELOOP/);
  assert.equal(readFileSync(target, "utf8"), "precious");
});

const purpose = (line: { purpose: string }) => line.purpose;

function create(t: TestContext, maxBytes?: number) {
  const folder = mkdtempSync(join(tmpdir(), "isopod-ledger-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const path = join(folder, "ledger.jsonl");
  const again = (at = path) =>
    createLedger({
      path: at,
      clock: systemClock,
      log: silentLog,
      ...(maxBytes === undefined ? {} : { maxBytes }),
    });
  return { ledger: again(), path, again };
}
