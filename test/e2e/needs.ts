/** What this machine has of what some tests need; each is false, or the reason to skip. */

import { spawnSync } from "node:child_process";
import { isAbsolute, join } from "node:path";

export const bubblewrapMissing = missing(
  ["bwrap", "--ro-bind", "/", "/", "--unshare-all", "true"],
  "bubblewrap cannot make a sandbox here",
);

export const namespacesMissing = missing(
  ["unshare", "-rnm", "sh", "-c", "ip link set lo up && ip link add far type veth peer name near"],
  "this user cannot make network namespaces here, or there is no `ip` (Debian: iproute2)",
);

export const mountsMissing = missing(
  ["unshare", "-rm", "mount", "-t", "tmpfs", "none", "/mnt"],
  "this user cannot mount a tmpfs of its own here",
);

function missing([command = "", ...args]: readonly string[], why: string): string | false {
  return spawnSync(command, args, { stdio: "ignore" }).status === 0 ? false : why;
}

/**
 * The words that start a Node which does not fit: the system's own where it is one, else ours under a
 * version of long ago.
 */
export const oldNode: readonly string[] = findOldNode() ?? [
  process.execPath,
  "--require",
  join(import.meta.dirname, "../fixtures/old-node.cjs"),
];

function findOldNode(): string[] | undefined {
  const folders = (process.env["PATH"] ?? "").split(":").filter((name) => isAbsolute(name));
  for (const folder of [...folders, "/usr/bin"]) {
    const path = join(folder, "node");
    const { stdout } = spawnSync(path, ["-p", "process.versions.node"], { encoding: "utf8" });
    if (Number((stdout ?? "").split(".")[0]) < 24 && stdout) return [path];
  }
  return undefined;
}

export const scriptMissing = missing(
  ["script", "-qefc", "true", "/dev/null"],
  "there is no `script` that makes a terminal (Debian: bsdutils)",
);
