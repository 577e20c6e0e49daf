import assert from "node:assert/strict";
import { chmod, chown, mkdir, mkdtemp, realpath, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";

import { createFakePrograms } from "../../test/fakes/programs.ts";
import { Fault } from "../base/fault.ts";
import type { Programs } from "../process/program.ts";
import { createSandboxChecks } from "./checks.ts";
import { chooseSandbox } from "./choose.ts";
import { explainFailure, explainLeak } from "./explain.ts";
import { probeSandbox } from "./probe.ts";
import type { Sandbox } from "./sandbox.ts";
import { sandboxSetting } from "./settings.ts";

const isRoot = process.getuid?.() === 0;
const signal = new AbortController().signal;
const settings = sandboxSetting.schema.parse(undefined);

const top = await realpath(await mkdtemp(join(tmpdir(), "choose-test-")));
after(() => rm(top, { recursive: true, force: true }));
const [workspace, state] = [join(top, "workspace"), join(top, "state")];
await mkdir(workspace);
await mkdir(state);
await writeFile(join(state, "admin.key"), "secret");
await chmod(top, 0o755);

const options = { programs: createFakePrograms(), settings, workspace, hidden: [state] };

for (const owner of isRoot ? [0, 1001] : [process.getuid?.() ?? 0]) {
  test(`chooseSandbox() finds that bubblewrap holds, for a workspace of ${owner}`, async () => {
    if (isRoot) await chown(workspace, owner, owner);
    const choice = await chooseSandbox(options, signal);
    assert.ok(choice.ok, JSON.stringify(choice, null, 1));
    assert.ok(choice.tried.length >= 25 && choice.tried.every(({ held }) => held));
    const call = { command: "echo hi", workspace, timeoutMs: 10_000 };
    assert.equal((await choice.sandbox.run(call, signal)).output, "hi\n");
  });
}

test("security: the probe sees a sandbox that leaks, attack by attack", async () => {
  const server = createServer().listen(0, "127.0.0.1");
  const abstract = createServer().listen({ path: `\0isopod-choose-${process.pid}` });
  after(() => [server, abstract].forEach((one) => one.close()));
  await Promise.all(
    [server, abstract].map((one) => new Promise((go) => one.once("listening", go))),
  );
  const address = server.address();
  assert.ok(typeof address === "object" && address);
  const decoy = { tcpPort: address.port, abstractSocket: `isopod-choose-${process.pid}` };

  const tried = await probeSandbox(
    { sandbox: createLeaky(), workspace, hidden: [state], decoy },
    signal,
  );
  const open = tried.filter(({ held }) => !held).map(({ attack }) => attack);
  const expected = [
    "write /",
    "write /dev",
    "write /etc",
    "write through a link",
    "leave a file outside",
  ];
  expected.push("socket INET", "socket NETLINK", "connect to TCP", "connect to abstract socket");
  expected.push("read a file of the host", "see the state folder", "read the environment");
  expected.push(
    "see the host's processes and names",
    "gain privileges",
    "eat memory",
    "fork without end",
  );
  if (isRoot) expected.push("be root", "hold capabilities", "make a user namespace");
  for (const attack of expected) assert.ok(open.includes(attack), `it did not see: ${attack}`);
  assert.ok(!open.includes("write the workspace"));
});

test("security: a sandbox in which nothing works does not count as one that holds", async () => {
  const dead: Sandbox = {
    name: "dead",
    run: async () => ({
      exitCode: 1,
      output: "sh: 1: perl: not found",
      cutBytes: 0,
      ended: "exit",
    }),
  };
  await assert.rejects(probeSandbox({ sandbox: dead, workspace, hidden: [] }, signal), {
    code: "SANDBOX_FAILED",
    message: /perl: not found/,
  });
});

test("chooseSandbox() says how to install bubblewrap", async () => {
  const programs: Programs = {
    ...options.programs,
    start({ command }) {
      throw new Fault("PROGRAM_MISSING", { program: command });
    },
  };
  // As root other programs stand before it on the command line; the fake misses the first.
  const choice = await chooseSandbox({ ...options, programs }, signal);
  assert.ok(!choice.ok);
  assert.match(choice.fix, /sudo apt install/);
});

test("chooseSandbox() starts nothing where sandbox.run is deny", async () => {
  const programs = createFakePrograms();
  const choice = await chooseSandbox(
    { ...options, programs, settings: { ...settings, run: "deny" } },
    signal,
  );
  assert.ok(!choice.ok);
  assert.deepEqual(programs.started, []);
});

test("chooseSandbox() throws the signal's reason", async () => {
  const reason = new Error("stop");
  await assert.rejects(chooseSandbox(options, AbortSignal.abort(reason)), reason);
});

test("explainFailure() names the switch of the kernel that is in the way", () => {
  const open = { maxUserNamespaces: "1000", unprivilegedUsernsClone: "", apparmorRestriction: "" };
  const failed = (detail: string) => new Fault("SANDBOX_FAILED", { detail });
  const refused = failed("bwrap: No permissions to create new namespace");
  const fix = (kernel: object, fault = refused) =>
    explainFailure(fault, { ...open, ...kernel }).fix;
  assert.match(fix({ maxUserNamespaces: "0" }), /user\.max_user_namespaces=/);
  assert.match(fix({ unprivilegedUsernsClone: "0" }), /kernel\.unprivileged_userns_clone=1/);
  assert.match(fix({ apparmorRestriction: "1" }), /apparmor_restrict_unprivileged_userns=0/);
  assert.match(fix({}), /in a container/);
  assert.match(fix({}, failed("bwrap: Unknown option --disable-userns")), /0\.8\.0 or later/);
  assert.match(fix({}, failed("bwrap: Can't find source path /root/x")), /ISOPOD_WORKSPACE/);
  for (const said of [
    "setpriv: failed to execute bwrap: No such file or directory",
    "sh: 1: exec: bwrap: not found",
    "bash: line 1: exec: bwrap: not found",
  ]) {
    assert.match(fix({}, failed(said)), /apt install bubblewrap/, said);
  }
  const noLimits = "bwrap: execvp prlimit: No such file or directory";
  assert.match(fix({}, failed(noLimits)), /apt install util-linux/);
  assert.match(fix({}, failed("sh: 1: perl: not found")), /apt install perl-base/);
  assert.deepEqual(explainFailure(new Fault("PROGRAM_MISSING", { program: "bwrap" }), open), {
    reason: "bubblewrap is not installed",
    fix: "Install it: sudo apt install bubblewrap",
  });
});

test("explainLeak() tells root how to have its processes counted", () => {
  const leak = {
    backend: "bubblewrap",
    attack: "fork without end",
    held: false,
    detail: "24 children",
  };
  assert.match(
    explainLeak(leak, { root: true, workspace: "/srv/ws" }).fix,
    /chown -R 1000:1000 \/srv\/ws/,
  );
  assert.match(explainLeak(leak, { root: false, workspace: "/srv/ws" }).fix, /Update bubblewrap/);
});

test("doctor says whether the sandbox holds, and warns with the fix where it does not", async () => {
  const off = { ok: false as const, reason: "not installed", fix: "Install it", tried: [] };
  const [check] = createSandboxChecks({ choose: async () => off });
  assert.deepEqual(await check?.run(signal), {
    state: "warning",
    fault: {
      code: "SANDBOX_OFF",
      message: "Cannot run a program: no sandbox passed its probe (not installed)",
      fix: "Install it",
    },
  });
});

/** Bubblewrap as one would write it in a hurry. Its root is memory, so that no attack harms this machine. */
function createLeaky(): Sandbox {
  return {
    name: "leaky",
    async run({ command, workspace }) {
      const world = [
        "--tmpfs",
        "/",
        "--ro-bind",
        "/usr",
        "/usr",
        "--dir",
        "/etc",
        "--proc",
        "/proc",
      ];
      world.push("--symlink", "usr/bin", "/bin", "--symlink", "usr/lib", "/lib", "--dev", "/dev");
      world.push("--symlink", "usr/lib64", "/lib64", "--bind", tmpdir(), tmpdir());
      world.push("--bind", workspace, "/workspace", "--chdir", "/workspace");
      const program = createFakePrograms().start({
        command: "bwrap",
        args: [...world, "sh", "-c", command],
        purpose: "test",
        network: "none",
        env: { PATH: "/usr/bin:/bin", ISOPOD_TOKEN: "secret" },
      });
      const chunks: Uint8Array[] = [];
      for await (const { bytes } of program.output) chunks.push(bytes);
      const { exitCode } = await program.ended;
      return { exitCode, output: Buffer.concat(chunks).toString(), cutBytes: 0, ended: "exit" };
    },
  };
}
