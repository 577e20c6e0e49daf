import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test, type TestContext } from "node:test";
import { pathToFileURL } from "node:url";

import type { LedgerLine } from "../protocol/api.ts";
import { openDoors } from "./doors.ts";
import type { ProgramStart } from "./program.ts";
import { createPrograms } from "./programs.ts";
import { runProgram } from "./run.ts";

const SH = { command: "sh", purpose: "test", network: "none" } as const;

test("start() runs a program without a shell and gives its output and how it ended", async (t) => {
  const { run } = create(t);
  assert.deepEqual(await run({ ...SH, command: "printf", args: ["%s", "$HOME; a b"] }), {
    exitCode: 0,
    signal: null,
    stdout: "$HOME; a b",
    stderr: "",
  });
  const ended = await run({ ...SH, args: ["-c", "echo out; echo err >&2; exit 3"] });
  assert.deepEqual(ended, { exitCode: 3, signal: null, stdout: "out\n", stderr: "err\n" });
});

test("start() throws PROGRAM_MISSING for what is not there, is no program, or stands in no PATH", async (t) => {
  const { programs, folder } = create(t);
  writeFileSync(join(folder, "text"), "no program");
  for (const command of ["no-such-program-here", join(folder, "text"), folder, "./sh", ""]) {
    assert.throws(() => programs.start({ ...SH, command, args: [] }), { code: "PROGRAM_MISSING" });
  }
});

test("start() throws PROGRAM_FAILED where the system does not start it", async (t) => {
  const { programs, folder } = create(t);
  const start = (more: object) => () => programs.start({ ...SH, args: [], ...more });
  assert.throws(start({ cwd: join(folder, "none") }), {
    code: "PROGRAM_FAILED",
    message: /no folder/,
  });
  assert.throws(start({ args: ["a\0b"] }), { code: "PROGRAM_FAILED" });
  assert.throws(start({ args: ["x".repeat(3_000_000)] }), { code: "PROGRAM_FAILED" });
});

test("input is standard input, and further buffers are descriptors from 3 on", async (t) => {
  const { run } = create(t);
  const large = Buffer.alloc(300_000, "z");
  const { stdout } = await run({
    ...SH,
    args: ["-c", "cat; cat <&3; wc -c <&4"],
    env: { PATH: "/usr/bin:/bin" },
    input: Buffer.from("zero "),
    fds: [Buffer.from("three "), large],
  });
  assert.equal(stdout.replace(/\s+/g, " "), "zero three 300000 ");
  assert.equal((await run({ ...SH, args: ["-c", "cat"], env: { PATH: "/bin" } })).stdout, "");
});

test("a program that leaves its descriptors unread harms nobody", async (t) => {
  const { run } = create(t);
  const { exitCode } = await run({ ...SH, args: ["-c", "exit 0"], fds: [Buffer.alloc(1_000_000)] });
  assert.equal(exitCode, 0);
});

test("a consumer that stops reading makes the program wait", async (t) => {
  const { programs, folder } = create(t);
  const file = join(folder, "progress");
  // The last number in the file is how many kilobytes the program got rid of.
  const script = `i=0; while [ $i -lt 20000 ]; do printf '%01024d' 0; i=$((i+1)); echo $i >${file}; done`;
  const program = programs.start({ ...SH, args: ["-c", script] });
  writeFileSync(file, "0");
  const reader = program.output[Symbol.asyncIterator]();
  await reader.next();
  const wrote = () => Number(readFileSync(file, "utf8"));
  let before = -1;
  while (wrote() === 0 || wrote() !== before) {
    before = wrote();
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  assert.ok(before < 2_000, `${before} KiB went somewhere`);
  program.kill();
  await reader.return?.();
  assert.equal((await program.ended).signal, "SIGKILL");
});

test("nothing is lost when the consumer is slower than the program's end", async (t) => {
  const { programs } = create(t);
  const program = programs.start({
    ...SH,
    args: ["-c", "printf '%050000d' 0; printf '%050000d' 0 >&2"],
  });
  let size = 0;
  for await (const { bytes } of program.output) {
    size += bytes.length;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  assert.equal(size, 100_000);
});

test("a descendant that left the group and keeps the pipe open delays nobody for long", async (t) => {
  const { run, folder } = create(t);
  const file = join(folder, "pid");
  const script = `setsid sh -c 'echo $$ >${file}; exec sleep 30' & while [ ! -s ${file} ]; do :; done; echo done`;
  const started = performance.now();
  const { stdout } = await run({ ...SH, args: ["-c", script], env: { PATH: "/usr/bin:/bin" } });
  process.kill(Number(readFileSync(file, "utf8")), "SIGKILL");
  assert.equal(stdout, "done\n");
  assert.ok(performance.now() - started < 10_000);
});

test("an abort ends the program, its reason is thrown, and none starts after it", async (t) => {
  const { run, programs } = create(t);
  const reason = new Error("stop was pressed");
  const control = new AbortController();
  const running = run({
    ...SH,
    args: ["-c", "sleep 30"],
    env: { PATH: "/bin" },
    signal: control.signal,
  });
  setTimeout(() => control.abort(reason), 50);
  await assert.rejects(running, reason);
  assert.throws(() => programs.start({ ...SH, args: [], signal: control.signal }), reason);
});

test("close() ends every program and every worker", async (t) => {
  const { programs, folder } = create(t);
  const program = programs.start({ ...SH, args: ["-c", "sleep 30"], env: { PATH: "/bin" } });
  const ended = program.ended;
  const file = join(folder, "idle.cjs");
  writeFileSync(file, "setInterval(() => {}, 1000)");
  const worker = programs.startWorker({ url: pathToFileURL(file), purpose: "test" });
  const exited = new Promise((resolve) => worker.once("exit", resolve));
  await programs.close();
  await exited;
  for await (const _ of program.output); // nobody had read it so far
  assert.equal((await ended).signal, "SIGKILL");
});

test("programs end with the gateway, also when it forgets to close them", async () => {
  const here = (name: string) => JSON.stringify(new URL(name, import.meta.url).href);
  const script = `import { createPrograms } from ${here("programs.ts")};
    import { openDoors } from ${here("doors.ts")};
    const programs = createPrograms({ doors: openDoors, ledger: { append() {} }, path: "/bin:/usr/bin" });
    const start = { command: "sleep", args: ["30"], purpose: "test", network: "none" };
    console.log(programs.start(start).pid);
    process.exit();`;
  const args = ["--input-type=module", "-e", script];
  const pid = Number(execFileSync(process.execPath, args, { encoding: "utf8" }));
  assert.ok(pid > 0);
  await gone(pid);
});

for (const listens of [false, true]) {
  test(`a program that ends with us ends after kill -9, with all that it started${listens ? ", though it listens to us" : ""}`, async () => {
    const here = (name: string) => JSON.stringify(new URL(name, import.meta.url).href);
    const script = `import { createPrograms } from ${here("programs.ts")};
    import { openDoors } from ${here("doors.ts")};
    const programs = createPrograms({ doors: openDoors, ledger: { append() {} }, path: "/bin:/usr/bin" });
    const args = ["-c", "sleep 60 & echo $!; echo $$; wait"];
    const env = { PATH: "/bin:/usr/bin" };
    const start = { command: "sh", args, env, purpose: "test", network: "none", endsWithUs: true, listens: ${listens} };
    for await (const { bytes } of programs.start(start).output) process.stdout.write(bytes);`;
    const child = spawn(process.execPath, ["--input-type=module", "-e", script]);
    let said = "";
    for await (const text of child.stdout.setEncoding("utf8")) {
      said += String(text);
      if (said.trim().split("\n").length === 2) break;
    }
    child.kill("SIGKILL");
    for (const pid of said.trim().split("\n").map(Number)) {
      assert.ok(pid > 0);
      await gone(pid);
    }
  });
}

for (const endsWithUs of [false, true]) {
  const how = endsWithUs ? "that ends with us" : "of the usual kind";
  test(`a program ${how} that listens hears what is written to it`, async (t) => {
    const { programs } = create(t);
    const args = ["-c", "read a; echo got $a; read b; echo got $b"];
    const env = { PATH: process.env["PATH"] ?? "" };
    const program = programs.start({ ...SH, env, args, endsWithUs, listens: true });
    let said = "";
    program.write("one\n");
    for await (const { bytes } of program.output) {
      said += Buffer.from(bytes).toString();
      if (said === "got one\n") program.write("two\n");
    }
    assert.equal(said, "got one\ngot two\n");
    program.write("three\n"); // it has ended: nobody hears it, and nothing fails
    assert.deepEqual(await program.ended, { exitCode: 0, signal: null });
  });
}

test("a program that listens and ends with us is asked to end, though its input is open", async (t) => {
  const { programs } = create(t);
  const env = { PATH: process.env["PATH"] ?? "" };
  const args = ["-c", "trap 'echo bye; exit 7' TERM; echo up; while :; do sleep 0.05; done"];
  const program = programs.start({ ...SH, env, args, endsWithUs: true, listens: true });
  let said = "";
  for await (const { bytes } of program.output) {
    said += Buffer.from(bytes).toString();
    if (said === "up\n") program.end();
  }
  assert.equal(said, "up\nbye\n");
  assert.equal((await program.ended).exitCode, 7);
});

test("end() asks a program that ends with us to end, and its exit code comes through", async (t) => {
  const { programs, run } = create(t);
  const env = { PATH: "/bin:/usr/bin" };
  const watched = { ...SH, env, endsWithUs: true };
  const args = ["-c", "trap 'echo bye; exit 7' TERM; echo up; while :; do sleep 0.05; done"];
  const program = programs.start({ ...watched, args });
  let said = "";
  for await (const { bytes } of program.output) {
    said += Buffer.from(bytes).toString();
    if (said === "up\n") program.end();
  }
  assert.equal(said, "up\nbye\n");
  assert.deepEqual(await program.ended, { exitCode: 7, signal: null });
  assert.equal((await run({ ...watched, args: ["-c", "cat; exit 3"] })).exitCode, 3);
});

test("every start is a line of the ledger, without its arguments", async (t) => {
  const { run, programs, lines, folder } = create(t);
  await run({ ...SH, args: ["-c", "exit"], purpose: "sandbox.run" });
  const file = join(folder, "worker.cjs");
  writeFileSync(file, "");
  programs.startWorker({ url: pathToFileURL(file), purpose: "models.embedded" });
  assert.deepEqual(
    lines.map(({ kind, purpose, host, address }) => [
      kind,
      purpose,
      host.replace(/^.*\//, ""),
      address,
    ]),
    [
      ["program", "sandbox.run", "sh", "none"],
      ["worker", "models.embedded", "worker.cjs", "none"],
    ],
  );
});

test("runProgram() keeps the beginning of what a talkative program says", async (t) => {
  const { programs } = create(t);
  const start = { ...SH, args: ["-c", "printf '%0100000d' 7"] };
  const { stdout, exitCode } = await runProgram(programs, start, 10);
  assert.equal(stdout, "0000000000");
  assert.equal(exitCode, 0);
});

test("a worker gets its data and its heap limit", async (t) => {
  const { programs, folder } = create(t);
  const file = join(folder, "worker.cjs");
  writeFileSync(
    file,
    `const { parentPort, workerData, resourceLimits } = require("node:worker_threads");
     parentPort.postMessage({ workerData, limit: resourceLimits.maxOldGenerationSizeMb });`,
  );
  const start = { url: pathToFileURL(file), purpose: "test", data: { a: 1 }, maxHeapMb: 64 };
  const message = await new Promise((resolve) =>
    programs.startWorker(start).once("message", resolve),
  );
  assert.deepEqual(message, { workerData: { a: 1 }, limit: 64 });
});

test("security: a program gets the environment it is given and nothing of ours", async (t) => {
  const { run } = create(t);
  process.env["ISOPOD_TEST_SECRET"] = "leak";
  t.after(() => delete process.env["ISOPOD_TEST_SECRET"]);
  const { stdout } = await run({ ...SH, command: "env", args: [], env: { A: "1" } });
  assert.equal(stdout, "A=1\n");
  assert.equal((await run({ ...SH, command: "env", args: [] })).stdout, "");
});

test("security: a program ends with all that it started", async (t) => {
  const { run, folder } = create(t);
  const file = join(folder, "pid");
  const script = `sleep 30 & echo $! >${file}; echo started`;
  await run({ ...SH, args: ["-c", script], env: { PATH: "/usr/bin:/bin" } });
  const pid = Number(readFileSync(file, "utf8"));
  await gone(pid);
});

test("security: a program is not looked for in the folder we happen to stand in", async (t) => {
  const { folder, create: again } = create(t);
  writeFileSync(join(folder, "innocent"), "#!/bin/sh\necho hijacked\n", { mode: 0o755 });
  const before = process.cwd();
  process.chdir(folder);
  t.after(() => process.chdir(before));
  for (const path of ["", ".", ":", "/nowhere:.:"]) {
    const programs = again(path);
    assert.throws(() => programs.start({ ...SH, command: "innocent", args: [] }), {
      code: "PROGRAM_MISSING",
    });
  }
  assert.equal(
    (await runProgram(again(folder), { ...SH, command: "innocent", args: [] })).stdout,
    "hijacked\n",
  );
});

test("security: a worker has no sockets, no programs and none of our environment", async (t) => {
  const { programs, folder } = create(t);
  const { createServer } = await import("node:net");
  let arrived = 0;
  const observer = createServer((socket) => {
    arrived += 1;
    socket.destroy();
  });
  await new Promise<void>((resolve) => observer.listen(0, "127.0.0.1", resolve));
  t.after(() => observer.close());
  const address = observer.address();
  const port = typeof address === "object" && address ? address.port : 0;
  const file = join(folder, "curious.cjs");
  writeFileSync(
    file,
    `const { parentPort } = require("node:worker_threads");
     const said = { env: Object.keys(process.env), doors: process[Symbol.for("isopod.doors")]?.() };
     try { require("node:child_process").execFileSync("true"); said.program = true; } catch (error) { said.program = error.code; }
     require("node:net").connect(${port}, "127.0.0.1")
       .on("connect", () => parentPort.postMessage({ ...said, socket: true }))
       .on("error", (error) => parentPort.postMessage({ ...said, socket: error.code }));`,
  );
  const start = { url: pathToFileURL(file), purpose: "test" };
  const said = await new Promise((resolve) => programs.startWorker(start).once("message", resolve));
  const blocked = "EGRESS_BLOCKED";
  assert.deepEqual(said, { env: [], doors: undefined, program: blocked, socket: blocked });
  assert.equal(arrived, 0);

  const { Worker } = await import("node:worker_threads");
  const control = new Worker(file, { execArgv: [] });
  const leaked = await new Promise((resolve) => control.once("message", resolve));
  assert.equal((leaked as { socket: unknown }).socket, true, "the control must get out"); // what it posts
  await control.terminate();
});

/** Resolves when the process runs no more; a test that waits in vain runs out of time. */
async function gone(pid: number): Promise<void> {
  for (;;) {
    const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => ") gone");
    if (!/^[SRD]/.test(stat.split(") ")[1] ?? "")) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

function create(t: TestContext) {
  const folder = mkdtempSync(join(tmpdir(), "isopod-programs-"));
  const lines: Omit<LedgerLine, "at">[] = [];
  const make = (path: string) => {
    const ledger = { append: (line: Omit<LedgerLine, "at">) => void lines.push(line) };
    const programs = createPrograms({ doors: openDoors, ledger, path });
    t.after(() => programs.close());
    return programs;
  };
  const programs = make(process.env["PATH"] ?? "");
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const run = (start: ProgramStart) => runProgram(programs, start);
  return { programs, run, lines, folder, create: make };
}
