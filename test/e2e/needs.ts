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
