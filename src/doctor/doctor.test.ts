import assert from "node:assert/strict";
import { test } from "node:test";

import type { Check, Result } from "../protocol/check.ts";
import { isWell, runChecks } from "./doctor.ts";

const signal = new AbortController().signal;
const well: Result = { state: "ok", detail: "fine" };
const ill: Result = { state: "failed", fault: { code: "X", message: "broken", fix: "mend it" } };

const check = (code: string, result: Result, dependsOn: string[] = []): Check => ({
  code,
  title: code,
  dependsOn,
  run: async () => result,
});

test("runChecks() shows the cause and skips its symptoms, however deep", async () => {
  const findings = await runChecks(
    [check("c", well, ["b"]), check("b", well, ["a"]), check("a", ill), check("d", well)],
    {},
    signal,
  );
  const states = findings.map(({ code, state }) => `${code} ${state}`);
  assert.deepEqual(states, ["a failed", "b skipped", "c skipped", "d ok"]);
  assert.match(findings[1]?.detail ?? "", /"a" comes first/);
  assert.equal(isWell(findings), false);
});

test("runChecks() lets a warning stand without hiding what depends on it", async () => {
  const warning: Result = { ...ill, state: "warning" };
  const findings = await runChecks([check("a", warning), check("b", well, ["a"])], {}, signal);
  assert.deepEqual(
    findings.map(({ state }) => state),
    ["warning", "ok"],
  );
  assert.equal(isWell(findings), true);
});

test("runChecks() mends only when asked, looks again, and says what it did", async () => {
  let broken = true;
  const mendable: Check = {
    ...check("a", ill),
    run: async () => (broken ? ill : well),
    fix: async () => {
      broken = false;
      return "mended it";
    },
  };
  const [looked] = await runChecks([mendable], {}, signal);
  assert.deepEqual([looked?.state, looked?.fixable, looked?.fixed], ["failed", true, undefined]);
  const [fixed] = await runChecks([mendable], { fix: true }, signal);
  assert.deepEqual([fixed?.state, fixed?.fixed], ["ok", "mended it"]);
});

test("runChecks() refuses checks that depend on each other or on nothing known", async () => {
  const circle = [check("a", well, ["b"]), check("b", well, ["a"])];
  await assert.rejects(runChecks(circle, {}, signal), /depend on each other: a → b/);
  await assert.rejects(runChecks([check("a", well, ["nope"])], {}, signal), /no check/);
});

test("runChecks() stops when it is told to", async () => {
  const reason = new Error("enough");
  await assert.rejects(runChecks([check("a", well)], {}, AbortSignal.abort(reason)), reason);
});
