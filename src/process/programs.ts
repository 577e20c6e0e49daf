import { type ChildProcess, spawn } from "node:child_process";
import { accessSync, constants, statSync } from "node:fs";
import { isAbsolute, join } from "node:path";
import { Writable } from "node:stream";
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";

import { Fault } from "../base/fault.ts";
import type { LedgerLine } from "../protocol/api.ts";
import { type Doors, PRELOAD } from "./doors.ts";
import { mergeOutput } from "./output.ts";
import type { Program, Programs, ProgramStart, WorkerStart } from "./program.ts";
import { watched } from "./watched.ts";

/** The programs as their owner holds them. */
export interface ProgramsOwner extends Programs {
  /** Ends every program and worker that still runs. Resolves when they are gone. */
  close(): Promise<void>;
}

export type ProgramsOptions = {
  doors: Doors;
  ledger: { append(line: Omit<LedgerLine, "at">): void };
  /** Where programs are looked for, as in `PATH`; entries that are not absolute are left out. */
  path: string;
};

export function createPrograms({ doors, ledger, path }: ProgramsOptions): ProgramsOwner {
  const folders = path.split(":").filter(isAbsolute);
  const running = new Map<Program, Promise<void>>();
  const workers = new Set<Worker>();

  // The last moment: whatever was not closed ends with us. After kill -9 of the gateway nothing of ours
  // runs any more; a sandbox then ends by itself (`--die-with-parent`).
  const killAll = () => {
    for (const program of running.keys()) program.kill();
  };
  process.once("exit", killAll);

  const note = (
    kind: "program" | "worker",
    line: Pick<LedgerLine, "purpose" | "host" | "address">,
  ) => ledger.append({ kind, ...line, sentBytes: 0, receivedBytes: 0, verdict: "allowed" });

  return {
    start(start) {
      start.signal?.throwIfAborted();
      const file = findProgram(start.command, folders);
      const child = launch(doors, file, start);
      note("program", { purpose: start.purpose, host: start.command, address: start.network });
      const exited = new Promise<void>((resolve) => child.once("exit", () => resolve()));
      const program = toProgram(child, start, exited);
      running.set(program, exited);
      void exited.then(() => running.delete(program));
      return program;
    },
    startWorker(start) {
      const worker = new Worker(start.url, workerOptions(doors, start));
      note("worker", { purpose: start.purpose, host: fileNameOf(start.url), address: "none" });
      workers.add(worker);
      worker.once("exit", () => workers.delete(worker));
      return worker;
    },
    async close() {
      process.off("exit", killAll);
      killAll();
      await Promise.all([
        ...Array.from(workers, (worker) => worker.terminate()),
        ...running.values(), // not their output: perhaps nobody reads it any more
      ]);
    },
  };
}

/** The absolute path of a program. Throws `PROGRAM_MISSING`. */
function findProgram(command: string, folders: readonly string[]): string {
  const places = command.includes("/") ? [command] : folders.map((folder) => join(folder, command));
  // A relative path would be looked for in whatever folder we happen to stand in.
  const found = places.find((file) => isAbsolute(file) && isProgram(file));
  if (found === undefined) throw new Fault("PROGRAM_MISSING", { program: command });
  return found;
}

function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false; // not there, or not for us: the next folder may have it
  }
}

function launch(doors: Doors, file: string, start: ProgramStart): ChildProcess {
  const { command, env = {}, cwd, input, fds = [], endsWithUs = false, listens = false } = start;
  const [program, args] = endsWithUs ? watched(file, start.args, listens) : [file, start.args];
  let child: ChildProcess;
  try {
    child = doors.start(() =>
      spawn(program, args, {
        // Some programs are several, by the name they are called.
        ...(endsWithUs ? {} : { argv0: command }),
        shell: false,
        detached: true, // a process group of its own, so that all of it can be ended
        env: { ...env },
        stdio: [
          input || endsWithUs || listens ? "pipe" : "ignore",
          "pipe",
          "pipe",
          ...(endsWithUs && listens ? ["pipe" as const] : []), // the watcher's
          ...fds.map(() => "pipe" as const),
        ],
        ...(cwd === undefined ? {} : { cwd }),
      }),
    );
  } catch (cause) {
    // An argument with a NUL in it, or one that is too long for the system.
    throw failed(command, cause instanceof Error ? cause.message : String(cause), cause);
  }
  child.on("error", () => {}); // told below; without a listener it would end the process
  if (child.pid === undefined) throw failed(command, startFailure(cwd));
  feed(child, 0, input);
  fds.forEach((bytes, index) => feed(child, index + 3, bytes));
  return child;
}

/** The system says only later why; the one cause that a caller can mend is looked at here. */
function startFailure(cwd: string | undefined): string {
  const isThere = cwd === undefined || statSync(cwd, { throwIfNoEntry: false })?.isDirectory();
  return isThere ? "the system did not start it" : `there is no folder "${cwd}"`;
}

const failed = (program: string, detail: string, cause?: unknown) =>
  new Fault("PROGRAM_FAILED", { program, detail }, { cause });

function feed(child: ChildProcess, fd: number, bytes: Uint8Array | undefined): void {
  const pipe = child.stdio[fd];
  if (!bytes || !(pipe instanceof Writable)) return;
  pipe.on("error", () => {}); // the program may end without having read it
  pipe.end(bytes);
}

function toProgram(
  child: ChildProcess,
  { command, signal, endsWithUs, listens }: ProgramStart,
  exited: Promise<void>,
): Program {
  const { pid, stdout, stderr } = child;
  if (pid === undefined || !stdout || !stderr) throw failed(command, "it has no output");
  let isOver = false;
  const kill = () => {
    if (!isOver) killGroup(pid); // later the number may be another's
  };
  signal?.addEventListener("abort", kill, { once: true });
  child.once("exit", () => {
    kill(); // what it left behind in its group would go on unseen
    isOver = true;
    signal?.removeEventListener("abort", kill);
  });
  const ended = new Promise<{ exitCode: number | null; signal: string | null }>((resolve) => {
    child.once("close", (exitCode, name) => resolve({ exitCode, signal: name }));
  });
  child.stdin?.on("error", () => {}); // it may be over already
  const watcher = listens ? child.stdio[3] : child.stdin;
  if (watcher instanceof Writable) watcher.on("error", () => {}); // so may the watcher
  const end = () => (endsWithUs && watcher instanceof Writable ? void watcher.end() : kill());
  const write = (bytes: string | Uint8Array) => void child.stdin?.write(bytes);
  return { pid, output: mergeOutput({ stdout, stderr }, exited), ended, write, kill, end };
}

function killGroup(pid: number): void {
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // The whole group has ended already.
  }
}

function workerOptions({ guarded }: Doors, { data, purpose, maxHeapMb }: WorkerStart) {
  return {
    name: purpose,
    workerData: data,
    env: {}, // what it needs is in its data; our environment has secrets
    // With the preload in force every worker gets it anyway; without (in tests) it must be said.
    ...(guarded ? {} : { execArgv: ["--require", fileURLToPath(PRELOAD)] }),
    ...(maxHeapMb === undefined ? {} : { resourceLimits: { maxOldGenerationSizeMb: maxHeapMb } }),
  };
}

const fileNameOf = (url: URL) => url.pathname.split("/").slice(-2).join("/");
