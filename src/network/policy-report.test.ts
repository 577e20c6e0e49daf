import assert from "node:assert/strict";
import { test } from "node:test";

import type { Mode } from "../protocol/event.ts";
import { diffPolicies, parsePolicy, reportPolicy } from "./policy-report.ts";

const HOSTS = ["127.0.0.1", "192.168.1.9", "203.0.113.7", "box.lan", "169.254.169.254"];

function report(mode: Mode, hosts = HOSTS) {
  const named = hosts.map((host) => ({ host, setting: "network.allow" }));
  const reached = named.map((host) => ({ ...host, feature: "f" }));
  return reportPolicy({ mode, hosts: named }, { cap: "internet", reached });
}

const verdicts = (mode: Mode) =>
  Object.fromEntries(
    report(mode).entries.map(({ host, verdict, needs }) => [
      host,
      [verdict, needs ?? ""].join(" "),
    ]),
  );

test("each host is allowed, depends on the resolver, or is masked with the mode that reaches it", () => {
  assert.deepEqual(verdicts("device"), {
    "127.0.0.1": "allowed ",
    "192.168.1.9": "masked private",
    "203.0.113.7": "masked internet",
    "box.lan": "masked private",
    "169.254.169.254": "masked ",
  });
  assert.deepEqual(verdicts("private"), {
    "127.0.0.1": "allowed ",
    "192.168.1.9": "allowed ",
    "203.0.113.7": "masked internet",
    "box.lan": "depends ",
    "169.254.169.254": "masked ",
  });
  assert.equal(verdicts("internet")["203.0.113.7"], "allowed ");
});

test("what is asked in one mode only is masked below it, although no setting names it", () => {
  const one = {
    host: "registry.example",
    setting: "built in",
    feature: "f",
    only: "internet",
  } as const;
  const verdict = (mode: Mode) =>
    reportPolicy({ mode, hosts: [] }, { cap: "internet", reached: [one] }).entries[0];
  assert.deepEqual(
    [verdict("private")?.verdict, verdict("private")?.needs],
    ["masked", "internet"],
  );
  assert.equal(verdict("internet")?.verdict, "allowed");
});

test("a saved policy is compared by host, setting and feature", () => {
  const before = report("device");
  const saved = parsePolicy(JSON.stringify(before));
  assert.deepEqual(saved, before);
  assert.deepEqual(diffPolicies(before, before), []);
  const now = report("private", [...HOSTS.slice(1), "new.lan"]);
  assert.deepEqual(
    diffPolicies(before, now).map(({ change, entry }) => `${change} ${entry.host}`),
    ["changed 192.168.1.9", "changed box.lan", "added new.lan", "removed 127.0.0.1"],
  );
  assert.equal(parsePolicy("{}"), undefined);
  assert.equal(parsePolicy("no JSON"), undefined);
});
