/** What this machine has of what some tests need; each is false, or the reason to skip. */

import { spawnSync } from "node:child_process";

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

/** Whether a workspace can be made that our user may not write: root has to be able to become somebody else. */
export const otherUserMissing =
  process.getuid?.() === 0
    ? missing(
        [
          "setpriv",
          "--reuid=65534",
          "--regid=65534",
          "--clear-groups",
          process.execPath,
          "-e",
          "0",
        ],
        "root cannot become another user here who can read this project",
      )
    : false;

/** The system's own Node, where it is one that does not fit. */
export const oldNode = findOldNode();

function findOldNode(): { path: string; missing: string | false } {
  const path = "/usr/bin/node";
  const { stdout } = spawnSync(path, ["-p", "process.versions.node"], { encoding: "utf8" });
  const major = Number((stdout ?? "").split(".")[0]);
  const why = "this system has no Node that is too old";
  return { path, missing: major > 0 && major < 24 ? false : why };
}

export const scriptMissing = missing(
  ["script", "-qefc", "true", "/dev/null"],
  "there is no `script` that makes a terminal (Debian: bsdutils)",
);
