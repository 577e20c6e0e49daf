/** `isopod egress prove`: nothing gets out, what gets out is seen, and a proof that sees nothing is void. */

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";

import { dial } from "../../src/dial.ts";
import { SHOTS } from "../../src/offline/prove/plan.ts";
import { prove, type ProveOptions } from "../../src/offline/prove/prove.ts";
import { openDoors } from "../../src/process/doors.ts";
import { createPrograms } from "../../src/process/programs.ts";
import { createMachine, ROOT } from "./machine.ts";
import { namespacesMissing } from "./needs.ts";

const skip = namespacesMissing;

test(
  "security: egress prove fires every canary, none gets out, each control does, and it is signed",
  { skip },
  async (t) => {
    const machine = createMachine(t);
    const ran = await machine.isopod(["egress", "prove", "--json"], { patienceMs: 180_000 });
    assert.equal(ran.code, 0, ran.stdout + ran.stderr);
    const proof = JSON.parse(ran.stdout) as Record<string, unknown>;
    assert.deepEqual(Object.keys(proof), ["escaped", "control", "attempts", "limits"]);
    assert.deepEqual([proof["escaped"], proof["control"]], [0, { leaked: true }]);
    const attempts = proof["attempts"] as Record<string, string>[];
    assert.equal(attempts.length, SHOTS.length + 1);
    const kinds = new Set(attempts.map(({ kind }) => kind));
    for (const kind of [
      "TCP",
      "UDP",
      "DNS",
      "IPv6",
      "ICMP",
      "program",
      "worker",
      "redirect",
      "rebinding",
      "proxy",
      "relay",
    ])
      assert.ok(kinds.has(kind), kind);
    assert.ok((proof["limits"] as string[]).length > 3);

    const [, file = ""] = /Kept in (\S+), signed/.exec(ran.stderr) ?? [];
    assert.deepEqual(
      (JSON.parse(readFileSync(file, "utf8")) as typeof proof)["attempts"],
      attempts,
    );
    const words = ["-V", "-p", machine.path("signing.pub"), "-m", file];
    const checked = spawnSync("minisign", words, { encoding: "utf8" });
    if (!checked.error) assert.equal(checked.status, 0, checked.stderr);
  },
);

test("security: a gateway that sends one word is caught by the proof", { skip }, async (t) => {
  const { folder, run } = create(t);
  const launcher = join(folder, "leaky.cjs");
  const leak = `require("node:net").connect(443, "203.0.113.7").on("error", () => {}).end("hello")`;
  writeFileSync(launcher, `${leak}; require(${JSON.stringify(join(ROOT, "bin/isopod.cjs"))})`);
  const { escaped, attempts, control } = await run({ launcher });
  assert.ok(escaped > 0);
  assert.equal(control.leaked, true);
  const [conversation, ...others] = attempts;
  assert.ok((conversation?.escaped ?? 0) > 0);
  assert.deepEqual(
    others.filter((one) => one.escaped > 0),
    [],
  );
});

test(
  "security: a guard that lets something through is caught by the canary",
  { skip },
  async (t) => {
    const { run } = create(t);
    // Nothing holds back a client that asks the relay of the control instead of the gateway.
    const [shot] = SHOTS.filter(({ name }) => name === "unix-relay");
    assert.ok(shot);
    const { escaped, attempts } = await run({ shots: [{ ...shot, act: "unix-relay" }] });
    assert.ok(escaped > 0);
    assert.ok(attempts.some((one) => one.name === "unix-relay" && one.escaped > 0));
  },
);

test("security: a proof whose control is not seen is void", { skip }, async (t) => {
  const { run } = create(t);
  const [shot] = SHOTS.filter(({ name }) => name === "tcp");
  assert.ok(shot);
  // No such act: what should leak does nothing.
  const { control, attempts } = await run({ shots: [{ ...shot, name: "nothing" }] });
  assert.deepEqual(control, { leaked: false });
  assert.equal(attempts.find((one) => one.name === "nothing")?.control, "not seen");
});

test("where no namespace can be made the fault says what to do", async (t) => {
  const { folder, run } = create(t);
  const tools = join(folder, "tools");
  mkdirSync(tools);
  await assert.rejects(run({ path: tools }), { code: "PROGRAM_MISSING" });
  symlinkSync("/bin/false", join(tools, "unshare"));
  await assert.rejects(run({ path: tools }), { code: "PROVE_IMPOSSIBLE" });
});

function create(t: TestContext) {
  const folder = mkdtempSync(join(tmpdir(), "isopod-prove-"));
  const shots = SHOTS.filter(({ name }) => name === "cloud-model" || name === "guard-redirect");
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  return {
    folder,
    run(options: Partial<ProveOptions>) {
      const path = options.path ?? `${process.env["PATH"]}:/usr/sbin:/sbin`;
      const programs = createPrograms({ doors: openDoors, ledger: { append() {} }, path });
      t.after(() => programs.close());
      const given = options.shots ? [...options.shots, ...shots] : shots;
      const launcher = join(ROOT, "bin/isopod.cjs");
      const reach: ProveOptions["dial"] = async (socket) => dial(socket, { doors: openDoors });
      const all = {
        programs,
        path,
        launcher,
        dial: reach,
        tell: () => {},
        ...options,
        shots: given,
      };
      return prove(all, t.signal);
    },
  };
}
