/** What every sandbox keeps: one call of `testSandbox` for each way to start it. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type TestContext, test } from "node:test";

import type { Limits } from "./limits.ts";
import type { Sandbox, SandboxCall } from "./sandbox.ts";

export type SandboxStage = {
  /** How it is started, for the titles of the tests. */
  name: string;
  /** A sandbox with these limits, and an empty workspace that it can write. */
  create(t: TestContext, limits: Limits): Promise<{ sandbox: Sandbox; workspace: string }>;
};

const LIMITS: Limits = { memoryMb: 256, processes: 32, outputBytes: 4000 };

/** No test comes near it but those that mean to. */
const TIMEOUT_MS = 20_000;

export function testSandbox({ name, create }: SandboxStage): void {
  async function stage(t: TestContext, limits: Partial<Limits> = {}) {
    const { sandbox, workspace } = await create(t, { ...LIMITS, ...limits });
    const run = (command: string, call: Partial<SandboxCall> = {}, signal?: AbortSignal) =>
      sandbox.run(
        { command, workspace, timeoutMs: TIMEOUT_MS, ...call },
        signal ?? new AbortController().signal,
      );
    return { workspace, run };
  }

  test(`${name}: runs a command in the workspace and returns what it printed, in order`, async (t) => {
    const { run } = await stage(t);
    assert.deepEqual(await run("pwd; echo wrong >&2; echo right; exit 3"), {
      exitCode: 3,
      output: "/workspace\nwrong\nright\n",
      cutBytes: 0,
      ended: "exit",
    });
  });

  test(`${name}: has /dev/stdout and /dev/stderr that can be opened`, async (t) => {
    const { run } = await stage(t);
    assert.equal((await run("echo a >/dev/stderr; echo b | tee /dev/stdout")).output, "a\nb\nb\n");
  });

  test(`${name}: reads and writes the workspace, and keeps nothing else`, async (t) => {
    const { run, workspace } = await stage(t);
    await writeFile(join(workspace, "in.txt"), "from outside", { mode: 0o666 });
    await run("tr a-z A-Z <in.txt >out.txt; echo x >/tmp/left; mkdir folder");
    assert.equal(await readFile(join(workspace, "out.txt"), "utf8"), "FROM OUTSIDE");
    assert.deepEqual((await readdir(workspace)).sort(), ["folder", "in.txt", "out.txt"]);
    assert.equal((await run("ls -A /tmp")).output, "");
  });

  test(`${name}: takes a command of any length and any characters`, async (t) => {
    const { run } = await stage(t);
    const { output } = await run(`: ${"x".repeat(200_000)}\necho "it's 한국어 \\$HOME" 'a"b'`);
    assert.equal(output, "it's 한국어 $HOME a\"b\n");
  });

  test(`${name}: gives programs an empty standard input`, async (t) => {
    const { run } = await stage(t);
    assert.equal((await run("cat; echo done")).output, "done\n");
  });

  test(`${name}: replaces broken UTF-8`, async (t) => {
    const { run } = await stage(t);
    assert.equal((await run(String.raw`printf 'a\377b'`)).output, "a\ufffdb");
  });

  test(`${name}: passes output on as it comes`, async (t) => {
    const { run } = await stage(t);
    const heard: string[] = [];
    await run("echo one; sleep 0.2; echo two", { onOutput: (text) => heard.push(text) });
    assert.deepEqual(heard, ["one\n", "two\n"]);
  });

  test(`${name}: keeps both ends of a long output and counts the rest`, async (t) => {
    const { run } = await stage(t);
    const { output, cutBytes } = await run("seq 1 100000");
    assert.match(output, /^1\n2\n3\n/);
    assert.match(output, /\n99999\n100000\n$/);
    assert.ok(output.length < 4100);
    assert.equal(cutBytes, 588_895 - 4000);
  });

  test(`${name}: stays small and answers while a program floods it`, async (t) => {
    const { run } = await stage(t);
    let ticks = 0;
    const timer = setInterval(() => (ticks += 1), 10);
    const before = process.memoryUsage().rss;
    const { ended, cutBytes } = await run("yes", { timeoutMs: 1500 });
    clearInterval(timer);
    assert.equal(ended, "timeout");
    assert.ok(cutBytes > 1024 * 1024, "it did flood");
    assert.ok(ticks > 20, `the event loop turned ${ticks} times`);
    assert.ok(process.memoryUsage().rss - before < 100 * 1024 * 1024);
  });

  test(`${name}: ends with the command; what it left in the background dies`, async (t) => {
    const { run } = await stage(t);
    const mark = createMark();
    assert.equal((await run(`sleep ${mark} & echo done`)).output, "done\n");
    await untilGone(mark);
  });

  test(`${name}: a timeout ends everything, and no orphan is left`, async (t) => {
    const { run } = await stage(t);
    const mark = createMark();
    const command = `trap '' TERM INT; (setsid sleep ${mark} &) ; echo up; sleep ${mark}`;
    const { ended, output } = await run(command, { timeoutMs: 1000 });
    assert.deepEqual([ended, output], ["timeout", "up\n"]);
    await untilGone(mark);
  });

  test(`${name}: an abort ends everything and throws the signal's reason`, async (t) => {
    const { run } = await stage(t);
    const mark = createMark();
    const stop = new AbortController();
    const reason = new Error("stop was pressed");
    const onOutput = () => stop.abort(reason);
    await assert.rejects(run(`echo up; sleep ${mark}`, { onOutput }, stop.signal), reason);
    await untilGone(mark);
    await assert.rejects(run("echo hi", {}, stop.signal), reason);
  });

  test(`${name}: one process cannot have more memory than allowed`, async (t) => {
    const { run } = await stage(t);
    const take = (mb: number) => run(`perl -e '$x = "x" x (${mb} << 20); print "taken"'`);
    assert.equal((await take(100)).output, "taken", "control: less than the limit");
    assert.match((await take(600)).output, /Out of memory/);
  });

  test(`${name}: many processes together cannot either`, async (t) => {
    const { run } = await stage(t);
    const one = `perl -e '$x = "x" x (60 << 20); $x =~ tr/x/y/; sleep 15'`;
    const { ended } = await run(`for i in 1 2 3 4 5 6; do ${one} & done; wait`);
    assert.equal(ended, "memory");
  });

  test(`${name}: a fork bomb stops at its limit, and the next call works`, async (t) => {
    const { run } = await stage(t);
    const count = (most: number) =>
      `perl -e 'while ($n < ${most}) { $p = fork; last if !defined $p; if (!$p) { sleep 9; exit } $n++ } print $n'`;
    assert.equal((await run(count(8))).output, "8", "control: fewer than the limit");
    const { output } = await run(count(500));
    assert.ok(Number(output) > 8 && Number(output) < 40, output);
    assert.match((await run(":(){ :|:& };:; wait", { timeoutMs: 1000 })).ended, /timeout|exit/);
    assert.equal((await run("echo hi")).output, "hi\n");
  });

  test(`${name}: a file stops growing at its limit`, async (t) => {
    const { run } = await stage(t);
    const { output } = await run(
      "truncate -s 513M big; stat -c %s big 2>&1; truncate -s 1M small; stat -c %s small",
    );
    assert.match(output, /1048576/);
    assert.doesNotMatch(output, /537919488/);
  });

  test(`${name}: many calls run side by side`, async (t) => {
    const { run } = await stage(t);
    const outputs = await Promise.all(
      [1, 2, 3, 4].map(async (n) => (await run(`echo ${n}`)).output),
    );
    assert.deepEqual(outputs, ["1\n", "2\n", "3\n", "4\n"]);
  });
}

/** A number of seconds that nobody else sleeps for: found again in the list of processes. */
let marks = 0;
export const createMark = () => String(100_000_000 + process.pid * 100 + (marks += 1));

/** Whether a process of this machine has the text on its command line. */
export async function isRunning(text: string): Promise<boolean> {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  return pids.some((pid) => {
    try {
      const line = readFileSync(`/proc/${pid}/cmdline`, "utf8");
      return line.includes(text) && pid !== String(process.pid);
    } catch {
      return false; // it has just ended
    }
  });
}

/** The kernel takes some moments to bury a process table; a second is an orphan. */
export async function untilGone(text: string): Promise<void> {
  const deadline = performance.now() + 3000;
  while (await isRunning(text)) {
    assert.ok(performance.now() < deadline, `an orphan is left: ${text}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
