/** `isopod offline drill`: it passes here for real, and each thing that must make it fail does. */

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";

import { drill, type DrillOptions } from "../../src/offline/drill/drill.ts";
import type { Drill } from "../../src/offline/drill/report.ts";
import { SHOTS } from "../../src/offline/prove/plan.ts";
import type { Restored } from "../../src/offline/restore/restore.ts";
import { openOffline } from "../../src/offline-parts.ts";
import { create, detailOf, failedOf, optionsOf } from "./drill-options.ts";
import { createMachine, ROOT } from "./machine.ts";
import { namespacesMissing } from "./needs.ts";

const skip = namespacesMissing;
/** A busy machine takes ten times as long as an idle one. */
const PATIENT = { patienceMs: 300_000 };

const ALL = [
  "bundle",
  "restore",
  "files",
  "gateway",
  "health",
  "model",
  "chat",
  "stream",
  "tool",
  "search",
  "app",
  "silence",
  "recovery",
  "canaries",
  "control",
];

/** What runs with this folder among its words or in its environment. */
const runningIn = (folder: string): string[] =>
  readdirSync("/proc").filter((pid) => {
    if (!/^\d+$/.test(pid) || Number(pid) === process.pid) return false;
    try {
      const words = readFileSync(`/proc/${pid}/cmdline`, "utf8");
      return (words + readFileSync(`/proc/${pid}/environ`, "utf8")).includes(folder);
    } catch {
      return false; // it has ended, or is somebody else's
    }
  });

test(
  "security: with nothing configured the drill carries Isopod itself, runs the restored one, passes, and is signed",
  { skip },
  async (t) => {
    const { machine, env, temporary } = create(t, {});
    rmSync(machine.path("isopod.json"));
    const ran = await machine.isopod(["offline", "drill", "--json"], { env, ...PATIENT });
    assert.equal(ran.code, 0, ran.stdout + ran.stderr);
    const told = JSON.parse(ran.stdout) as Drill;
    assert.equal(told.ok, true);
    assert.deepEqual(
      told.steps.map(({ step }) => step),
      ALL,
    );
    assert.match(detailOf(told, "gateway"), /^the restored program/);
    assert.match(detailOf(told, "health"), /link local: no default route/);
    assert.match(detailOf(told, "tool"), /shopping\.txt has "buy milk"/);
    assert.match(detailOf(told, "recovery"), /to unknown .*mode private as before/);
    assert.deepEqual([told.egress?.escaped, told.egress?.control], [0, { leaked: true }]);
    assert.equal(told.egress?.attempts.length, SHOTS.length);
    assert.equal(told.bundle?.made, true);
    assert.ok(told.limits.length > 4);

    const [, file = ""] = /Kept in (\S+), signed/.exec(ran.stderr) ?? [];
    const kept = JSON.parse(readFileSync(file, "utf8")) as Drill;
    assert.deepEqual(kept.steps, told.steps);
    const words = ["-V", "-p", machine.path("signing.pub"), "-m", file];
    const checked = spawnSync("minisign", words, { encoding: "utf8" });
    if (!checked.error) assert.equal(checked.status, 0, checked.stderr);

    const shown = await machine.isopod(["offline", "status"]);
    assert.match(
      shown.stdout,
      /last drill {3}.* ago, passed, bundle_|last drill {3}just now, passed, bundle_/,
    );
    assert.match(shown.stdout, /last bundle {2}none/, "one that goes away again is not the last");
    assert.deepEqual(readdirSync(temporary), [], "nothing is left behind");
    assert.deepEqual(runningIn(temporary), []);
    assert.equal(existsSync(machine.path("workspace/shopping.txt")), false);
  },
);

test(
  "security: a gateway that keeps trying to get out is caught, before the way out is there and after",
  { skip },
  async (t) => {
    const { machine, bundle, carry } = create(t);
    await carry();
    // Not in the state folder: in the drill, the restored one is laid over it.
    const elsewhere = mkdtempSync(join(tmpdir(), "isopod-leaky-"));
    t.after(() => rmSync(elsewhere, { recursive: true }));
    const launcher = join(elsewhere, "leaky.cjs");
    const leak = (host: string) =>
      `require("node:net").connect(443, "${host}").on("error", () => {}).end("hello");`;
    const code = `${leak("198.51.100.1")} setInterval(() => { ${leak("203.0.113.7")} }, 300);
      setInterval(() => {}, 1000);`;
    writeFileSync(
      launcher,
      `require("node:child_process").spawn(process.execPath, ["-e", ${JSON.stringify(code)}], { stdio: "ignore" });
      require(${JSON.stringify(join(ROOT, "bin/isopod.cjs"))});`,
    );
    const installed = { root: ROOT, launcher, node: process.execPath };
    const options = await optionsOf(t, machine, { words: { path: bundle, trust: [] }, installed });
    const told = await drill(options, t.signal);
    assert.equal(told.ok, false);
    const failed = failedOf(told);
    assert.ok(failed.includes("silence") && failed.includes("recovery"), JSON.stringify(told));
    assert.match(detailOf(told, "silence"), /^\d+ frames left$/);
    assert.ok(
      told.steps.some(({ step, ok }) => step === "control" && ok),
      "the later ones are tried",
    );
  },
);

test(
  "security: a canary that gets out fails the drill, and so does a control that is not seen",
  { skip },
  async (t) => {
    const { machine, bundle, carry } = create(t);
    await carry();
    const words = { path: bundle, trust: [] };
    const [relay] = SHOTS.filter(({ name }) => name === "unix-relay");
    const [tcp] = SHOTS.filter(({ name }) => name === "tcp");
    assert.ok(relay && tcp);
    // Nothing holds back a client that asks the relay of the control instead of the gateway.
    const leaky = await optionsOf(t, machine, { words, shots: [{ ...relay, act: "unix-relay" }] });
    const told = await drill(leaky, t.signal);
    assert.deepEqual([told.ok, failedOf(told)], [false, ["canaries"]]);
    assert.match(detailOf(told, "canaries"), /"unix-relay" got out/);
    assert.ok((told.egress?.escaped ?? 0) > 0);

    // No such act: what should leak does nothing.
    const blind = await optionsOf(t, machine, { words, shots: [{ ...tcp, name: "nothing" }] });
    const unseen = await drill(blind, t.signal);
    assert.deepEqual([unseen.ok, failedOf(unseen)], [false, ["control"]]);
    assert.deepEqual(unseen.egress?.control, { leaked: false });
  },
);

test(
  "security: a bundle with a flipped byte, or without one of its objects, fails the drill, and nothing of it is run",
  { skip },
  async (t) => {
    const { machine, bundle, carry, env, temporary } = create(t);
    await carry();
    const folder = join(bundle, "objects");
    const [first = ""] = readdirSync(folder);
    const [name = ""] = readdirSync(join(folder, first));
    const object = join(folder, first, name);
    const whole = readFileSync(object);
    const drillIt = async () => {
      const [told] = await machine.json(1, ["offline", "drill", bundle, "--json"], {
        env,
        ...PATIENT,
      });
      return told as unknown as Drill;
    };
    const flipped = Buffer.from(whole);
    flipped[0] = (flipped[0] ?? 0) ^ 1;
    writeFileSync(object, flipped);
    const broken = await drillIt();
    assert.deepEqual([broken.ok, failedOf(broken)], [false, ["restore"]]);
    assert.match(detailOf(broken, "restore"), new RegExp(`BUNDLE_CORRUPT: .*${name.slice(0, 16)}`));
    assert.equal(broken.steps.at(-1)?.step, "restore", "nothing came after it");
    rmSync(object);
    const lost = await drillIt();
    assert.deepEqual([lost.ok, failedOf(lost)], [false, ["restore"]]);
    const shown = await machine.isopod(["offline", "status"]);
    assert.match(shown.stdout, /last drill .*FAILED/);

    writeFileSync(object, whole);
    const stranger = createMachine(t);
    const [unknown] = await stranger.json(1, ["offline", "drill", bundle, "--json"], {
      env,
      ...PATIENT,
    });
    assert.match(JSON.stringify(unknown), /BUNDLE_SIGNER_UNKNOWN.*--trust RW/);
    await stranger.json(2, ["offline", "drill", stranger.path("nothing"), "--json"], { env });
    assert.deepEqual(readdirSync(temporary), []);
  },
);

test(
  "a restored file that is missing fails the drill: one that was put into place, and one inside of Isopod",
  { skip },
  async (t) => {
    const { machine, bundle, carry } = create(t);
    await carry();
    const losing =
      (lose: (restored: Restored) => void): DrillOptions["openThere"] =>
      async (there) => {
        const offline = await openOffline({ ...there, version: "0.1.0" });
        return {
          ...offline,
          async restore(wish, watch) {
            const restored = await offline.restore(wish, watch);
            lose(restored);
            return restored;
          },
        };
      };
    const config = losing(({ placed }) => placed.forEach(({ path }) => rmSync(path)));
    const words = { path: bundle, trust: [] };
    const first = await drill(await optionsOf(t, machine, { words, openThere: config }), t.signal);
    assert.deepEqual([first.ok, failedOf(first)], [false, ["files"]]);
    assert.match(detailOf(first, "files"), /isopod\.json" is not there/);

    const program = machine.path("program.tar");
    await machine.json(0, ["offline", "bundle", "--out", program, "--only", "program", "--json"]);
    const part = losing(({ placed: [one] }) => rmSync(join(one?.path ?? "", "src/ground.ts")));
    const inside = { words: { path: program, trust: [] }, openThere: part };
    const second = await drill(await optionsOf(t, machine, inside), t.signal);
    assert.deepEqual([second.ok, failedOf(second)], [false, ["gateway"]]);
    assert.match(detailOf(second, "gateway"), /PROVE_FAILED: .*did not start/);
  },
);

test(
  "Ctrl-C in the middle leaves nothing behind: no process, no namespace, no folder",
  { skip },
  async (t) => {
    const { machine, bundle, carry, env, temporary } = create(t);
    await carry();
    const started = machine.start(["offline", "drill", bundle], { env, ...PATIENT });
    const isTalking = () =>
      readdirSync(temporary).some((name) => existsSync(join(temporary, name, "home/gateway.json")));
    for (let left = 600; !isTalking(); left -= 1) {
      assert.ok(left > 0, "its gateway never started");
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    assert.ok(runningIn(temporary).length > 2, "the control: what runs is seen");
    started.kill("SIGINT");
    const { code, stdout } = await started.ended;
    assert.deepEqual([code, stdout], [130, ""]);
    assert.deepEqual(readdirSync(temporary), []);
    assert.deepEqual(runningIn(temporary), []);
    assert.equal(existsSync(machine.path("offline/last-drill.json")), false);
  },
);

test("where no namespace can be made, a script is told how a person does it by hand", async (t) => {
  const { machine, temporary } = create(t);
  const tools = machine.path("tools");
  mkdirSync(tools);
  symlinkSync("/bin/false", join(tools, "unshare"));
  const env = { TMPDIR: temporary, PATH: tools };
  const [told] = await machine.json(2, ["offline", "drill", "--json"], { env });
  assert.match(JSON.stringify(told), /DRILL_IMPOSSIBLE.*offline drill --by-hand/);
  assert.deepEqual(readdirSync(temporary), []);
});
