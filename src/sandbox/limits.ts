/**
 * The limits of one call, set inside of the sandbox by `prlimit`: outside they would count the other
 * processes of the same user, and bubblewrap itself could not start.
 */

import { readFile } from "node:fs/promises";

export type Limits = {
  /** Of one process by the kernel, of all together by watching. */
  memoryMb: number;
  /** Processes and threads at once. */
  processes: number;
  /** How much of what a program prints is kept. */
  outputBytes: number;
};

/** The largest file. A log that runs away ends here; no source or document comes near it. */
const FILE_BYTES = 512 * 1024 * 1024;

/** As many as most systems give to anybody. */
const OPEN_FILES = 1024;

/** A program with threads may use more processor time than passes; four times is four busy cores. */
const CPU_SHARE = 4;

/** Names of `prlimit`'s options, and of the lines in `/proc/self/limits`. */
const NAMES = {
  nproc: "Max processes",
  data: "Max data size",
  fsize: "Max file size",
  nofile: "Max open files",
  cpu: "Max cpu time",
} as const;

/** `prlimit` and its options. A limit that stands lower already stays: it cannot be raised. */
export async function prlimitCommand(limits: Limits, timeoutMs: number): Promise<string[]> {
  const standing = await readFile("/proc/self/limits", "utf8").catch(() => ""); // no Linux, no limits
  const wanted = {
    nproc: limits.processes,
    data: limits.memoryMb * 1024 * 1024,
    fsize: FILE_BYTES,
    nofile: OPEN_FILES,
    cpu: Math.ceil((CPU_SHARE * timeoutMs) / 1000),
  };
  const options = Object.entries(wanted).map(([name, value]) => {
    const line = NAMES[name as keyof typeof wanted]; // `wanted` has the keys of NAMES
    return `--${name}=${Math.min(value, hardLimit(standing, line))}`;
  });
  return ["prlimit", ...options, "--core=0", "--"];
}

/** The second column; "unlimited" is no number, and no limit. */
function hardLimit(limits: string, line: string): number {
  const [, hard] = new RegExp(`^${line}\\s+\\S+\\s+(\\d+)`, "m").exec(limits) ?? [];
  return hard === undefined ? Infinity : Number(hard);
}
