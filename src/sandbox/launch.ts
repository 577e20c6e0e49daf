/**
 * What stands before `bwrap` on its command line: as whom it starts, and what it must not inherit.
 *
 * An ordinary user's gateway starts it as itself. A root gateway becomes the workspace's owner first, so
 * that the kernel counts the processes and new files belong to whom they should. A workspace of root's
 * own can be written by nobody else: there a control group counts. Where neither can be had, nothing
 * counts, and the probe will say so.
 */

import { access, readdir, readFile, stat } from "node:fs/promises";

import { createId } from "../base/ids.ts";
import { createGroup, findGroupFolder } from "./cgroup.ts";

/** `O_CLOEXEC` in the octal flags of `/proc/self/fdinfo`. */
const CLOSED_ON_START = 0o2000000;

/** What does not change while the gateway runs. */
export type Launcher = {
  asRoot: boolean;
  groupFolder: string | undefined;
  /** Closes what programs would inherit. */
  closing: string[];
};

/** `lastFd` is the last descriptor that is given on purpose. */
export async function readLauncher(lastFd: number): Promise<Launcher> {
  const asRoot = process.getuid?.() === 0;
  return {
    asRoot,
    groupFolder: asRoot ? await findGroupFolder() : undefined,
    closing: await readClosing(lastFd),
  };
}

/** Call `done` once the program has ended. */
export type Launch = { prefix: string[]; done(): Promise<void> };

export async function prepareLaunch(
  { asRoot, groupFolder, closing }: Launcher,
  workspace: string,
  processes: number,
): Promise<Launch> {
  const nothing = async () => {};
  if (!asRoot) return { prefix: closing, done: nothing };
  const { uid, gid } = await stat(workspace);
  if (uid !== 0) {
    const ids = ["--reuid", String(uid), "--regid", String(gid), "--clear-groups"];
    return { prefix: [...closing, "setpriv", ...ids, "--"], done: nothing };
  }
  if (groupFolder === undefined) return { prefix: closing, done: nothing };
  const group = await createGroup(groupFolder, createId("run"), processes);
  const join = ["sh", "-c", 'echo 0 >"$0" && exec "$@"', group.joinFile];
  return { prefix: [...closing, ...join], done: () => group.remove() };
}

/**
 * Whoever started the gateway may have left descriptors open in it, which every program would inherit.
 * Node opens its own so that they close; of the others, only bash can close those above 9.
 */
async function readClosing(lastFd: number): Promise<string[]> {
  const fds = (await readdir("/proc/self/fd").catch(() => [])).map(Number); // no Linux, no list
  const inherited = await Promise.all(fds.map(async (fd) => ((await isInherited(fd)) ? [fd] : [])));
  const unwanted = inherited.flat().filter((fd) => fd > lastFd);
  const hasBash = await access("/usr/bin/bash").then(
    () => true,
    () => false,
  );
  if (unwanted.length === 0 || !hasBash) return [];
  return ["bash", "-c", `exec ${unwanted.map((fd) => `${fd}>&-`).join(" ")}; exec "$@"`, "bash"];
}

async function isInherited(fd: number): Promise<boolean> {
  const text = await readFile(`/proc/self/fdinfo/${fd}`, "utf8").catch(() => ""); // closed by now
  const [, flags] = /^flags:\s+(\d+)/m.exec(text) ?? [];
  return flags !== undefined && (Number.parseInt(flags, 8) & CLOSED_ON_START) === 0;
}
