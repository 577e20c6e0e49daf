/**
 * A control group that bounds the number of processes, for a gateway that runs as root.
 *
 * The kernel does not count the processes of root (RLIMIT_NPROC is for others), so that there a fork
 * bomb needs this. Version 1 was tried; version 2 is written from `Documentation/admin-guide/cgroup-v2.rst`.
 */

import { access, mkdir, readFile, readdir, rmdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { createId } from "../base/ids.ts";

const PREFIX = "isopod-";

/** The kernel lets go of a group some moments after its last process: 1, 2, 4, … ms, a second in all. */
const REMOVE_TRIES = 10;

export interface ProcessGroup {
  /** A process that writes "0" here joins, with all it will start. */
  readonly joinFile: string;
  /** Call it after the last process has ended. */
  remove(): Promise<void>;
}

/** Where groups can be made; undefined where there is no such place, or not for us. */
export async function findGroupFolder(): Promise<string | undefined> {
  const folder = parseGroupFolder(await readFile("/proc/self/mountinfo", "utf8").catch(() => ""));
  if (!folder) return undefined;
  try {
    // A name of its own: whoever else tries in this moment must not be taken for a refusal.
    const trial = await createGroup(folder, createId("trial"), 1);
    await trial.remove();
    await removeLeftovers(folder);
    return folder;
  } catch {
    return undefined; // read-only, or not ours to divide: as good as none
  }
}

/** The mount point of version 1's `pids`, or of version 2. Pure: takes the text of `mountinfo`. */
export function parseGroupFolder(mountinfo: string): string | undefined {
  const mounts = mountinfo.split("\n").map((line) => {
    const [left = "", right = ""] = line.split(" - ");
    const [type, , options = ""] = right.split(" ");
    return { folder: left.split(" ")[4], type, options: options.split(",") };
  });
  const pids = mounts.find(({ type, options }) => type === "cgroup" && options.includes("pids"));
  return (pids ?? mounts.find(({ type }) => type === "cgroup2"))?.folder;
}

/** Throws where the folder cannot be divided or does not count processes. */
export async function createGroup(
  folder: string,
  id: string,
  maxProcesses: number,
): Promise<ProcessGroup> {
  const path = join(folder, `${PREFIX}${process.pid}-${id}`);
  await mkdir(path);
  const remove = () => removeGroup(path);
  try {
    await writeFile(join(path, "pids.max"), String(maxProcesses));
  } catch (error) {
    await remove();
    throw error;
  }
  return { joinFile: join(path, "cgroup.procs"), remove };
}

async function removeGroup(path: string): Promise<void> {
  for (let tries = 0; tries < REMOVE_TRIES; tries++) {
    try {
      return await rmdir(path);
    } catch {
      await sleep(2 ** tries); // still in use
    }
  }
}

/** What a gateway that was killed left behind. Its processes died with it. */
async function removeLeftovers(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    const [, pid] = /^isopod-(\d+)-/.exec(name) ?? [];
    if (!pid) continue;
    const alive = await access(`/proc/${pid}`).then(
      () => true,
      () => false,
    );
    if (!alive) await rmdir(join(folder, name)).catch(() => {}); // taken away by another gateway
  }
}
