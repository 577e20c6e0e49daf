import assert from "node:assert/strict";
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";

import { systemClock } from "../base/clock.ts";
import { silentLog } from "../base/log.ts";
import { CHAIN_START, toChainLine } from "./chain.ts";
import { createLedger, olderPath } from "./ledger.ts";
import { verifyChain } from "./verify-chain.ts";

const LINE = {
  kind: "request",
  purpose: "models.chat",
  host: "127.0.0.1:11434",
  address: "127.0.0.1",
  sentBytes: 10,
  receivedBytes: 20,
  verdict: "allowed",
} as const;

test("a chain runs through all lines, over restarts, and its end is told", (t) => {
  const { write, verify } = create(t);
  write(3);
  write(2);
  const report = verify();
  assert.deepEqual([report.ok, report.lines, report.first, report.head.n], [true, 5, 1, 5]);
  assert.deepEqual(report.notes, []);
  assert.match(report.limits[0] ?? "", /cut off at the end/);
});

test("a chain runs over the files of a full ledger; what was dropped is said", (t) => {
  const { write, verify } = create(t, 1000);
  for (let n = 0; n < 12; n++) write(1);
  const report = verify();
  assert.deepEqual([report.ok, report.head.n], [true, 12]);
  assert.ok(report.first > 1 && report.lines === 12 - report.first + 1);
  assert.match(report.notes.join(), /before the first are gone/);
});

test("a ledger that was begun before the chain goes on as one, and says what is not covered", (t) => {
  const { path, write, verify } = create(t);
  writeFileSync(path, `${JSON.stringify({ at: 1, ...LINE })}\n`);
  write(2);
  const report = verify();
  assert.deepEqual([report.ok, report.first, report.head.n], [true, 1, 2]);
  assert.match(report.notes.join(), /in no chain/);
});

test("what a crash tore off in the middle of a line is told and breaks nothing", (t) => {
  const { path, write, verify } = create(t);
  write(2);
  appendFileSync(path, '{"at":1,"kind":"requ');
  write(2);
  const report = verify();
  assert.deepEqual([report.ok, report.head.n], [true, 4]);
  assert.match(report.notes.join(), /20 bytes|21 bytes/);
});

test("a hash is that of the hash before it and the bytes of its line, as the page says", () => {
  const { text } = toChainLine(CHAIN_START, { at: 1 });
  const { createHash } = process.getBuiltinModule("node:crypto");
  const byHand = createHash("sha256")
    .update(`${"0".repeat(64)}{"at":1,"n":1`)
    .digest("hex");
  assert.equal(text, `{"at":1,"n":1,"hash":"${byHand}"}`);
});

test("security: a changed line is named by its place", (t) => {
  const { path, write, verify, lines } = create(t);
  write(5);
  assert.equal(verify().ok, true, "the control: untouched it holds");
  const all = lines();
  writeFileSync(path, `${all.with(2, (all[2] ?? "").replace("11434", "11435")).join("\n")}\n`);
  const { ok, problems } = verify();
  assert.deepEqual(
    [ok, problems.map(({ what, line, n }) => [what, line, n])],
    [false, [["changed", 3, 3]]],
  );
});

test("security: a changed line with a hash that fits it breaks at the next one", (t) => {
  const { path, write, verify, lines } = create(t);
  write(5);
  const all = lines();
  const { hash } = JSON.parse(all[1] ?? "") as { hash: string };
  const { n: _n, hash: _hash, ...rest } = JSON.parse(all[2] ?? "") as Record<string, unknown>;
  const forged = toChainLine({ n: 2, hash }, { ...rest, host: "elsewhere" }).text;
  writeFileSync(path, `${all.with(2, forged).join("\n")}\n`);
  assert.deepEqual(
    verify().problems.map(({ what, line }) => [what, line]),
    [["changed", 4]],
  );
});

test("security: a removed line is named by its place", (t) => {
  const { path, write, verify, lines } = create(t);
  write(6);
  writeFileSync(path, `${lines().toSpliced(2, 2).join("\n")}\n`);
  const [problem, ...others] = verify().problems;
  assert.deepEqual([problem?.what, problem?.line, problem?.n, others], ["removed", 3, 5, []]);
  assert.match(problem?.text ?? "", /lines 3 to 4/);
  writeFileSync(path, `${lines().slice(1).join("\n")}\n`);
  assert.equal(verify().ok, false, "at the beginning, too");
});

test("security: lines in another order are named", (t) => {
  const { path, write, verify, lines } = create(t);
  write(5);
  const [one = "", two = "", three = "", ...rest] = lines();
  writeFileSync(path, `${[one, three, two, ...rest].join("\n")}\n`);
  const { problems } = verify();
  assert.equal(problems[0]?.what, "moved");
  assert.equal(problems[0]?.line, 2);
});

test("security: an inserted line is named, with a place in the chain or without one", (t) => {
  const { path, write, verify, lines } = create(t);
  write(4);
  const all = lines();
  for (const [put, line] of [
    [JSON.stringify({ at: 1, ...LINE }), 3],
    ["nonsense", 3],
    [all[0] ?? "", 3],
  ] as const) {
    writeFileSync(path, `${all.toSpliced(2, 0, put).join("\n")}\n`);
    const [problem] = verify().problems;
    assert.deepEqual([problem?.what, problem?.line], ["inserted", line], put.slice(0, 20));
  }
  writeFileSync(path, `${[...all, "nonsense"].join("\n")}\n`);
  assert.equal(verify().problems[0]?.what, "inserted");
});

test("security: a cut end and a ledger written anew show against a head that was noted", (t) => {
  const { path, write, verify, lines } = create(t);
  write(5);
  const { head } = verify();
  assert.equal(verify(head).ok, true);
  const all = lines();
  writeFileSync(path, `${all.slice(0, 3).join("\n")}\n`);
  assert.equal(verify().ok, true, "without it nobody can tell, and it is said");
  assert.deepEqual(
    verify(head).problems.map(({ what }) => what),
    ["anchor"],
  );
  let last = CHAIN_START;
  const anew = all.map((_, at) => {
    const { text, head: next } = toChainLine(last, { at, ...LINE }, { isFirst: at === 0 });
    last = next;
    return text;
  });
  writeFileSync(path, `${anew.join("\n")}\n`);
  assert.equal(verify().ok, true);
  assert.deepEqual(
    verify(head).problems.map(({ what }) => what),
    ["anchor"],
  );
});

function create(t: TestContext, maxBytes?: number) {
  const folder = mkdtempSync(join(tmpdir(), "isopod-chain-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const path = join(folder, "ledger.jsonl");
  const options = { path, clock: systemClock, log: silentLog, ...(maxBytes && { maxBytes }) };
  const files = () =>
    [olderPath(path), path].flatMap((name) => {
      try {
        return [{ name, bytes: readFileSync(name) }];
      } catch {
        return []; // not there yet
      }
    });
  return {
    path,
    /** A run of the gateway that writes so many lines. */
    write(count: number) {
      const ledger = createLedger(options);
      for (let at = 0; at < count; at++) ledger.append({ ...LINE, purpose: `n${at}` });
      ledger.close();
    },
    lines: () => readFileSync(path, "utf8").trimEnd().split("\n"),
    verify: (anchor?: { n: number; hash: string }) => verifyChain(files(), anchor),
  };
}
