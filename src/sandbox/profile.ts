/**
 * The world inside of a bubblewrap sandbox, as its options. Each line here was attacked; the traps that
 * made them are named where they stand.
 */

import { lstat, readlink } from "node:fs/promises";

/** Who the program is, inside. Any user but root; files of other users show as nobody's (65534). */
const INSIDE_ID = "1000";

/** Scratch space, in memory. Enough for a compiler's intermediate files, small beside `memoryMb`. */
const TMP_BYTES = 64 * 1024 * 1024;
const SHM_BYTES = 16 * 1024 * 1024;

/** Where the workspace and the command's text stand, inside. */
export const INSIDE_WORKSPACE = "/workspace";
export const COMMAND_FILE = "/run/command";

/** Folders that a merged /usr makes links, and older systems do not. */
const SYSTEM_FOLDERS = ["/bin", "/sbin", "/lib", "/lib32", "/lib64"];

/** `awk`, `vi` and their like are links into alternatives; the cache and the zone make programs right. */
const SYSTEM_FILES = ["/etc/alternatives", "/etc/ld.so.cache", "/etc/localtime"];

/** HOME is not the workspace: a dotfile there would configure the next program. */
const ENVIRONMENT = {
  PATH: "/usr/local/bin:/usr/bin:/bin",
  HOME: "/tmp",
  USER: "agent",
  LANG: "C.UTF-8",
  TERM: "dumb",
};

export const USERS = `agent:x:${INSIDE_ID}:${INSIDE_ID}:agent:/tmp:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n`;
export const GROUPS = `agent:x:${INSIDE_ID}:\nnogroup:x:65534:\n`;

/** How this machine's `/bin` and its like are made; the same for every call. */
export type System = { path: string; linksTo?: string }[];

export async function readSystem(): Promise<System> {
  const found = await Promise.all(
    SYSTEM_FOLDERS.map(async (path) => {
      const stat = await lstat(path).catch(() => undefined); // not every machine has them all
      if (stat?.isSymbolicLink()) return [{ path, linksTo: await readlink(path) }];
      return stat?.isDirectory() ? [{ path }] : [];
    }),
  );
  return found.flat();
}

export type World = {
  system: System;
  /** The real path of the workspace. */
  workspace: string;
  /** Folders below /usr that must not be seen. */
  hidden: readonly string[];
  /** Descriptors that bubblewrap reads. */
  fds: { seccomp: number; command: number; users: number; groups: number };
};

export function bubblewrapOptions({ system, workspace, hidden, fds }: World): string[] {
  return [
    // With --unshare-all come a network without devices and a process table of its own.
    ["--unshare-all", "--unshare-user", "--disable-userns", "--die-with-parent"],
    ["--new-session", "--hostname", "sandbox", "--uid", INSIDE_ID, "--gid", INSIDE_ID],
    ["--cap-drop", "ALL", "--seccomp", String(fds.seccomp)],
    ["--clearenv", ...Object.entries(ENVIRONMENT).flatMap((pair) => ["--setenv", ...pair])],

    // Only /usr and what it cannot do without: `--ro-bind / /` would show every Unix socket of the host,
    // and a read-only mount does not keep anybody from connecting to one.
    ["--ro-bind", "/usr", "/usr", ...system.flatMap(asOnHost)],
    hidden.flatMap((folder) => ["--tmpfs", folder, "--remount-ro", folder]),
    SYSTEM_FILES.flatMap((path) => ["--ro-bind-try", path, path]),
    ["--ro-bind-data", String(fds.users), "/etc/passwd"],
    ["--ro-bind-data", String(fds.groups), "/etc/group"],

    ["--proc", "/proc", "--dev", "/dev"],
    ["--size", String(SHM_BYTES), "--tmpfs", "/dev/shm"],
    ["--size", String(TMP_BYTES), "--tmpfs", "/tmp"],
    ["--bind", workspace, INSIDE_WORKSPACE, "--chdir", INSIDE_WORKSPACE],
    ["--ro-bind-data", String(fds.command), COMMAND_FILE],

    // Without these, / and /dev are writable memory without a bound. And who is root outside owns the
    // switches of /proc/sys, in a namespace too: `kernel.core_pattern` names a program that the kernel starts
    // on the host.
    ["--remount-ro", "/dev", "--remount-ro", "/proc", "--remount-ro", "/"],
  ].flat();
}

const asOnHost = ({ path, linksTo }: System[number]) =>
  linksTo === undefined ? ["--ro-bind", path, path] : ["--symlink", linksTo, path];
