/** Programs under measurement: started, weighed through /proc, stopped. Linux only. */

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { createInterface } from "node:readline";

export type Started = {
  pid: number;
  line: Record<string, unknown>;
  readyMs: number;
  stop(): Promise<void>;
};

/** Starts a program and waits for its first line, a JSON object. */
export async function start(
  command: string,
  args: string[],
  env: NodeJS.ProcessEnv,
): Promise<Started> {
  const begin = performance.now();
  const child = spawn(command, args, { env, stdio: ["ignore", "pipe", "inherit"] });
  const died = once(child, "exit").then(([code]) => {
    throw new Error(`${command} ${args.join(" ")} ended with ${code} before it was ready`);
  });
  const [line] = (await Promise.race([once(createInterface(child.stdout), "line"), died])) as [
    string,
  ];
  died.catch(() => {}); // from here on its end is no surprise
  const readyMs = performance.now() - begin;
  return { pid: child.pid ?? 0, line: JSON.parse(line), readyMs, stop: () => stop(child) };
}

async function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return;
  child.kill("SIGTERM");
  await once(child, "exit");
}

/** Wall time of a program from start to exit, in ms. */
export async function time(
  command: string,
  args: string[],
  env: NodeJS.ProcessEnv,
): Promise<number> {
  const begin = performance.now();
  const child = spawn(command, args, { env, stdio: "ignore" });
  const [code] = await once(child, "exit");
  if (code !== 0) throw new Error(`${command} ${args.join(" ")} ended with ${code}`);
  return performance.now() - begin;
}

/** Resident memory of a process and its descendants, in MiB. */
export function residentMiB(root: number): number {
  const kib = tree(root).map((pid) =>
    Number(/VmRSS:\s+(\d+)/.exec(read(`/proc/${pid}/status`))?.[1] ?? 0),
  );
  return kib.reduce((a, b) => a + b, 0) / 1024;
}

/** CPU time a process and its descendants have used, in ms (ticks of 10 ms). */
export function cpuMs(root: number): number {
  const ticks = tree(root).map((pid) => {
    const fields = read(`/proc/${pid}/stat`)
      .replace(/^.*\) /, "")
      .split(" ");
    return Number(fields[11]) + Number(fields[12]) + Number(fields[13]) + Number(fields[14]);
  });
  return ticks.reduce((a, b) => a + b, 0) * 10;
}

function tree(root: number): number[] {
  const pids = readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
  const parents = new Map(
    pids.map((pid) => [pid, Number(/\) \S (\d+)/.exec(read(`/proc/${pid}/stat`))?.[1] ?? -1)]),
  );
  const found = [root];
  for (const parent of found) found.push(...pids.filter((pid) => parents.get(pid) === parent));
  return found;
}

function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return ""; // the process has just ended: it weighs nothing
  }
}
