import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { access, chown, mkdtemp, realpath, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, type TestContext, test } from "node:test";

import { createFakePrograms } from "../../test/fakes/programs.ts";
import { createBubblewrap } from "./bubblewrap.ts";
import { createMark, isRunning, testSandbox, untilGone } from "./sandbox.conformance.ts";

const isRoot = process.getuid?.() === 0;

/** Any user that is not root; it need not have a name. */
const SOMEBODY = 1001;

const programs = createFakePrograms();
const limits = { memoryMb: 256, processes: 32, outputBytes: 4000 };

async function createFolder(t: Pick<TestContext, "after">, owner?: number): Promise<string> {
  const folder = await realpath(await mkdtemp(join(tmpdir(), "sandbox-test-")));
  t.after(() => rm(folder, { recursive: true, force: true }));
  if (owner !== undefined) await chown(folder, owner, owner);
  return folder;
}

function testAs(name: string, owner?: number): void {
  testSandbox({
    name,
    create: async (t, limits) => ({
      sandbox: createBubblewrap({ programs, limits, hidden: [] }),
      workspace: await createFolder(t, owner),
    }),
  });
}

if (isRoot) {
  testAs("bubblewrap of root, workspace of root");
  testAs("bubblewrap of root, workspace of somebody", SOMEBODY);
} else {
  testAs("bubblewrap of an ordinary user");
}

test(
  "bubblewrap: what runs for a workspace of somebody belongs to them",
  { skip: !isRoot },
  async (t) => {
    const workspace = await createFolder(t, SOMEBODY);
    const sandbox = createBubblewrap({ programs, limits, hidden: [] });
    const call = { command: "touch mine; id -u", workspace, timeoutMs: 10_000 };
    const { output } = await sandbox.run(call, new AbortController().signal);
    const { uid } = await stat(join(workspace, "mine"));
    assert.deepEqual([output, uid], ["1000\n", SOMEBODY]);
  },
);

test("bubblewrap: says what is wrong when it cannot start", async (t) => {
  const workspace = await createFolder(t);
  const sandbox = createBubblewrap({ programs, limits, hidden: [] });
  const run = sandbox.run(
    { command: "echo hi", workspace: join(workspace, "gone"), timeoutMs: 10_000 },
    new AbortController().signal,
  );
  await assert.rejects(run, (error: Error) => {
    return "code" in error && (error.code === "SANDBOX_FAILED" || error.code === "ENOENT");
  });
});

test("security: kill -9 of the gateway kills what runs in the sandbox", async (t) => {
  const workspace = await createFolder(t, isRoot ? SOMEBODY : undefined);
  const mark = createMark();
  const gateway = spawn(process.execPath, ["--input-type=module-typescript", "-e", GATEWAY], {
    env: { WORKSPACE: workspace, COMMAND: `(setsid sleep ${mark} &); sleep ${mark}` },
    cwd: import.meta.dirname,
    stdio: ["ignore", "inherit", "inherit"],
  });
  const ended = new Promise((resolve) => gateway.once("close", resolve));
  after(() => gateway.kill("SIGKILL"));
  while (!(await isRunning(`sleep\0${mark}`))) await new Promise((go) => setTimeout(go, 20));
  gateway.kill("SIGKILL");
  await ended;
  await untilGone(mark);
});

const GATEWAY = `
  import { createFakePrograms } from "../../test/fakes/programs.ts";
  import { createBubblewrap } from "./bubblewrap.ts";
  const sandbox = createBubblewrap({
    programs: createFakePrograms(), limits: ${JSON.stringify(limits)}, hidden: [],
  });
  const { WORKSPACE: workspace, COMMAND: command } = process.env;
  await sandbox.run({ command, workspace, timeoutMs: 60_000 }, new AbortController().signal);`;

test(
  "bubblewrap: everything above holds for an ordinary user's gateway",
  { skip: !isRoot },
  async (t) => {
    const again = [import.meta.filename, join(import.meta.dirname, "bubblewrap.security.test.ts")];
    for (const file of again) {
      const as = ["--reuid", String(SOMEBODY), "--regid", String(SOMEBODY), "--clear-groups"];
      if (!(await canRead(as, file)))
        return t.skip("this clone cannot be read by an ordinary user");
      const { status, text } = await collect("setpriv", [...as, process.execPath, "--test", file]);
      assert.equal(status, 0, text);
    }
  },
);

async function canRead(as: string[], file: string): Promise<boolean> {
  await access(file);
  return (await collect("setpriv", [...as, "test", "-r", file])).status === 0;
}

function collect(
  command: string,
  args: string[],
): Promise<{ status: number | null; text: string }> {
  // Without it the inner run would report to the outer one instead of to us.
  const { NODE_TEST_CONTEXT: _, ...env } = process.env;
  const child = spawn(command, args, { env, stdio: ["ignore", "pipe", "pipe"] });
  const chunks: Buffer[] = [];
  for (const stream of [child.stdout, child.stderr])
    stream.on("data", (chunk) => chunks.push(chunk));
  return new Promise((resolve) =>
    child.once("close", (status) => resolve({ status, text: Buffer.concat(chunks).toString() })),
  );
}
