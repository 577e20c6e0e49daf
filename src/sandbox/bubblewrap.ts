/**
 * Runs commands in bubblewrap: no network, a read-only root, no capabilities, no new privileges, a
 * seccomp filter, limits on memory, processes, files, time and output. Only the workspace is writable,
 * and every call starts from nothing.
 */

import { writeFileSync } from "node:fs";
import { setPriority } from "node:os";

import { Fault } from "../base/fault.ts";
import type { Program, Programs } from "../process/program.ts";
import { isFull, readRoom, type Room, watchDisk } from "./disk.ts";
import { prepareLaunch, readLauncher } from "./launch.ts";
import { type Limits, prlimitCommand } from "./limits.ts";
import { watchMemory } from "./memory.ts";
import { BoundedOutput } from "./output.ts";
import { bubblewrapOptions, COMMAND_FILE, GROUPS, readSystem, USERS } from "./profile.ts";
import type { Sandbox, SandboxCall, SandboxResult } from "./sandbox.ts";
import { isKnownArchitecture, seccompFilter } from "./seccomp.ts";

/** The first line on standard error once everything stands: what comes before it is bubblewrap's own. */
const STARTED = "started\n";

/**
 * Runs the command file, both streams in one pipe. What Node gives a program are sockets, and those
 * cannot be opened anew: `echo x >/dev/stderr` would fail. At the end what the command left behind
 * is killed, since it may hold the pipe open; 1 is bubblewrap itself.
 */
const START = `
  mkfifo /tmp/.out; cat </tmp/.out & pump=$!
  exec 3>/tmp/.out; rm /tmp/.out; echo started >&2
  sh "$0" >&3 2>&1 3>&-; code=$?; exec 3>&-
  for process in /proc/[0-9]*; do
    case \${process#/proc/} in 1|$$|$pump) ;; *) kill -9 \${process#/proc/};; esac
  done 2>/dev/null
  wait $pump; exit $code`;

/** Descriptors 3 to 7 carry bubblewrap's options, the filter, and three small files. */
const LAST_FD = 7;

/** Bubblewrap's complaint is one line. */
const COMPLAINT_BYTES = 4096;

/** A program that prints more than any build log waits for us: the gateway has other work. */
const FLOOD_AFTER_BYTES = 16 * 1024 * 1024;
const FLOOD_PAUSE_MS = 1; // per chunk of 64 KiB: some 30 MB a second

/** Beside people and model servers a tool comes second (see nice(1)). */
const NICENESS = 10;
const OOM_FIRST = "1000"; // the highest (see proc(5), oom_score_adj)

export type BubblewrapOptions = {
  programs: Programs;
  limits: Limits;
  /** Folders that a program must not see: state, secrets, sockets. Most are invisible anyhow. */
  hidden: readonly string[];
  /** Shared by two of them, what one was attacked with is what the other runs with. */
  machine?: ReturnType<typeof createMachine>;
  /** What the disk of a folder has left. */
  roomIn?: (folder: string) => Promise<Room | undefined>;
};

export function createBubblewrap({
  programs,
  limits,
  hidden,
  machine = createMachine(),
  roomIn = readRoom,
}: BubblewrapOptions): Sandbox {
  return {
    name: "bubblewrap",
    async run(call, signal) {
      signal.throwIfAborted();
      const look = () => roomIn(call.workspace);
      if (isFull(await look())) return { exitCode: null, output: "", cutBytes: 0, ended: "disk" };
      const { filter, system, launcher } = await machine();
      const launch = await prepareLaunch(launcher, call.workspace, limits.processes);
      try {
        const options = bubblewrapOptions({
          system,
          workspace: call.workspace,
          hidden: hidden.filter((folder) => folder.startsWith("/usr/")),
          fds: { seccomp: 4, command: 5, users: 6, groups: LAST_FD },
        });
        const texts = [options.join("\0"), filter, call.command, USERS, GROUPS];
        const inner = await prlimitCommand(limits, call.timeoutMs);
        const [command = "", ...args] = [
          // The options travel by descriptor: in the argument list each program inside could read them.
          [...launch.prefix, "bwrap", "--args", "3", "--"],
          [...inner, "sh", "-c", START, COMMAND_FILE],
        ].flat();
        signal.throwIfAborted();
        const program = programs.start({
          command,
          args,
          purpose: "sandbox.run",
          network: "none",
          signal,
          fds: texts.map((text) => Buffer.from(text)),
          env: { PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin" },
        });
        return await attend(program, { ...call, look }, limits, signal);
      } finally {
        await launch.done();
      }
    },
  };
}

/** What does not change while the gateway runs; read at the first call. */
export function createMachine() {
  let machine: ReturnType<typeof readMachine> | undefined;
  return () => (machine ??= readMachine());
}

async function readMachine() {
  if (!isKnownArchitecture(process.arch)) {
    throw new Fault("SANDBOX_FAILED", { detail: `there is no filter for ${process.arch}` });
  }
  const [system, launcher] = await Promise.all([readSystem(), readLauncher(LAST_FD)]);
  return { filter: seccompFilter(process.arch), system, launcher };
}

/** Listens to the program until it ends, and ends it where it must. */
async function attend(
  program: Program,
  call: SandboxCall & { look: () => Promise<Room | undefined> },
  limits: Limits,
  signal: AbortSignal,
): Promise<SandboxResult> {
  let endedBy: "timeout" | "memory" | "disk" | undefined;
  const end = (reason: typeof endedBy) => {
    endedBy ??= reason;
    program.kill();
  };
  const over = new AbortController();
  const timer = setTimeout(end, call.timeoutMs, "timeout");
  putSecond(program.pid);
  const { memoryMb } = limits;
  const watch = { pid: program.pid, limitBytes: memoryMb * 1024 * 1024 };
  watchMemory({ ...watch, exceeded: () => end("memory") }, over.signal);
  watchDisk({ look: call.look, exceeded: () => end("disk") }, over.signal);
  try {
    const { output, complaint } = await listen(program, limits.outputBytes, call.onOutput);
    const { exitCode } = await program.ended;
    signal.throwIfAborted();
    if (!complaint.startsWith(STARTED) && endedBy === undefined) {
      throw new Fault("SANDBOX_FAILED", { detail: complaint.trim() || `exit code ${exitCode}` });
    }
    const { head, tail, cutBytes } = output.read();
    const ended = endedBy ?? (exitCode === null ? "signal" : "exit");
    const middle = cutBytes > 0 ? `\n[${cutBytes} bytes left out]\n` : "";
    return { exitCode, output: head + middle + tail, cutBytes, ended };
  } finally {
    clearTimeout(timer);
    over.abort();
  }
}

async function listen(program: Program, limitBytes: number, onOutput?: (text: string) => void) {
  const output = new BoundedOutput(limitBytes);
  const complaint = new BoundedOutput(COMPLAINT_BYTES);
  const decoder = new TextDecoder();
  for await (const { from, bytes } of program.output) {
    if (from === "stderr") {
      complaint.add(bytes);
      continue;
    }
    const text = decoder.decode(output.add(bytes), { stream: true });
    if (text) onOutput?.(text);
    if (output.totalBytes > FLOOD_AFTER_BYTES) await pause(FLOOD_PAUSE_MS);
  }
  return { output, complaint: complaint.read().head };
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** For the processor, and when the machine has no memory left: the kernel ends this before a model server. */
function putSecond(pid: number): void {
  try {
    setPriority(pid, NICENESS);
    writeFileSync(`/proc/${pid}/oom_score_adj`, OOM_FIRST);
  } catch {
    // It has ended already.
  }
}
