/**
 * The memory of a program and all its children, sampled.
 *
 * The kernel's limit (RLIMIT_DATA) counts each process by itself, and a control group is not ours to
 * make on most machines. So a program that spreads its memory over many processes is found by looking.
 *
 * Memory that the kernel keeps for a program, such as what stands in its pipes and sockets, belongs to no
 * process at all. A command that fills it is ended when the machine has little left.
 */

import { readFile, readdir } from "node:fs/promises";

/** Four looks a second cost less than 1% of a processor with 100 processes to look at. */
const INTERVAL_MS = 250;

/** What is left to the rest of the machine: less, and its own programs begin to be killed. */
const SPARED_BYTES = 256 * 1024 * 1024;

export type MemoryWatch = {
  pid: number;
  limitBytes: number;
  exceeded: () => void;
  /** What the machine has left. */
  available?: () => Promise<number>;
};

/**
 * Calls `exceeded` once when the tree under `pid` holds more than `limitBytes`, or the machine has nearly
 * nothing left. Ends with the signal.
 */
export function watchMemory(
  { pid, limitBytes, exceeded, available = readAvailable }: MemoryWatch,
  signal: AbortSignal,
): void {
  // Where little was left before, the command is not to blame for it: half of that may go.
  const spared = available().then((bytes) => Math.min(SPARED_BYTES, bytes / 2));
  const look = async () => {
    const over = (await available()) < (await spared) || (await holdsMoreThan(limitBytes, pid));
    if (signal.aborted) return;
    if (over) exceeded();
    else timer = setTimeout(() => void look(), INTERVAL_MS).unref();
  };
  let timer = setTimeout(() => void look(), INTERVAL_MS).unref();
  signal.addEventListener("abort", () => clearTimeout(timer), { once: true });
}

/** What programs can still get without the machine beginning to swap. */
async function readAvailable(): Promise<number> {
  const text = await readFile("/proc/meminfo", "utf8").catch(() => ""); // hidden from us: nothing to judge by
  const [, kilobytes] = /^MemAvailable:\s+(\d+) kB/m.exec(text) ?? [];
  return kilobytes === undefined ? Infinity : Number(kilobytes) * 1024;
}

/** The shared pages of forked children are counted once for each; only if that is too much, exactly. */
async function holdsMoreThan(limitBytes: number, pid: number): Promise<boolean> {
  const pids = await descendants(pid);
  const rough = await sum(pids, "status", /^Rss(?:Anon|Shmem):\s+(\d+) kB/gm);
  if (rough <= limitBytes) return false;
  return (await sum(pids, "smaps_rollup", /^Pss:\s+(\d+) kB/gm)) > limitBytes;
}

/** A child belongs to the thread that started it, so each thread is asked. */
async function descendants(pid: number): Promise<number[]> {
  const threads = await readdir(`/proc/${pid}/task`).catch(gone);
  const lists = await Promise.all(threads.map((id) => readProc(`${pid}/task/${id}/children`)));
  const children = lists.flatMap((list) => list.split(" ").filter(Boolean));
  const below = await Promise.all(children.map((child) => descendants(Number(child))));
  return [pid, ...below.flat()];
}

async function sum(pids: number[], file: string, lines: RegExp): Promise<number> {
  const texts = await Promise.all(pids.map((pid) => readProc(`${pid}/${file}`)));
  const kilobytes = texts.flatMap((text) =>
    Array.from(text.matchAll(lines), ([, kb]) => Number(kb)),
  );
  return kilobytes.reduce((total, kb) => total + kb * 1024, 0);
}

/** Processes end while they are looked at: one that is gone holds nothing. */
const readProc = (path: string) => readFile(`/proc/${path}`, "utf8").catch(() => "");
const gone = (): string[] => [];
