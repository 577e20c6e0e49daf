/**
 * Programs without a guard and a ledger: starts what it is told, for tests of those who start programs.
 */

import { spawn } from "node:child_process";
import { PassThrough, type Readable, Writable } from "node:stream";

import type { Program, Programs, ProgramStart } from "../../src/process/program.ts";

export function createFakePrograms(): Programs & { readonly started: ProgramStart[] } {
  const started: ProgramStart[] = [];
  return {
    started,
    start(program) {
      started.push(program);
      return start(program);
    },
    startWorker() {
      throw new Error("the fake starts no workers");
    },
  };
}

function start({ command, args, env, cwd, fds = [], signal }: ProgramStart): Program {
  const child = spawn(command, args, {
    detached: true, // a process group of its own, so that all of it can be ended
    stdio: ["ignore", "pipe", "pipe", ...fds.map(() => "pipe" as const)],
    env: { ...env },
    ...(cwd !== undefined && { cwd }),
  });
  fds.forEach((bytes, index) => {
    const pipe = child.stdio[index + 3];
    if (!(pipe instanceof Writable)) throw new Error("the descriptor is no pipe");
    pipe.on("error", () => {}); // a program may end without having read it
    pipe.end(bytes);
  });
  const kill = () => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
    } catch {
      // It has ended already.
    }
  };
  signal?.addEventListener("abort", kill, { once: true });
  const ended = new Promise<{ exitCode: number | null; signal: string | null }>((resolve) => {
    child.once("error", () => resolve({ exitCode: null, signal: null }));
    child.once("close", (exitCode, name) => resolve({ exitCode, signal: name }));
  });
  return { pid: child.pid ?? -1, output: merge(child), ended, kill };
}

/** Both streams as they arrive; who does not read on makes the program wait. */
function merge(child: { stdout: Readable | null; stderr: Readable | null }): Program["output"] {
  const merged = new PassThrough({ objectMode: true, highWaterMark: 4 });
  const open = new Set(["stdout", "stderr"] as const);
  for (const from of open) {
    const stream = child[from];
    stream?.on("data", (bytes: Uint8Array) => {
      if (merged.write({ from, bytes })) return;
      stream.pause();
      merged.once("drain", () => stream.resume());
    });
    stream?.once("close", () => {
      open.delete(from);
      if (open.size === 0) merged.end();
    });
  }
  return merged;
}
