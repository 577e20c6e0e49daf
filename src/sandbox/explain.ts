/** Why there is no sandbox, and what to do about it. Pure; the texts go to people. */

import type { Fault } from "../base/fault.ts";
import type { Probe } from "./sandbox.ts";

export type Explanation = { reason: string; fix: string };

/** Switches of the kernel that keep bubblewrap from starting; "" where there is no such switch. */
export type Kernel = {
  maxUserNamespaces: string;
  unprivilegedUsernsClone: string;
  apparmorRestriction: string;
};

export function explainFailure(fault: Fault, kernel: Kernel): Explanation {
  if (fault.code === "PROGRAM_MISSING") return explainMissing(fault.message);
  const reason = fault.message.replace(/^Cannot start the sandbox: /, "");
  return { reason, fix: fixFor(reason, kernel) };
}

function explainMissing(message: string): Explanation {
  const [, program = "bwrap"] = /"([^"]+)"/.exec(message) ?? [];
  const name = PACKAGES[program] ?? program;
  return { reason: `${name} is not installed`, fix: `Install it: sudo apt install ${name}` };
}

const PACKAGES: Record<string, string> = { bwrap: "bubblewrap", setpriv: "util-linux" };

function fixFor(reason: string, kernel: Kernel): string {
  if (/perl\W+not found/.test(reason)) return "Install it: sudo apt install perl-base";
  if (/execvp prlimit/.test(reason)) return "Install it: sudo apt install util-linux";
  // Another program was to start it: the one that makes root somebody else, or counts processes.
  if (/(exec(ute)?:?) bwrap\b/.test(reason)) return "Install it: sudo apt install bubblewrap";
  if (/unknown option/i.test(reason)) return "Install bubblewrap 0.8.0 or later";
  if (kernel.maxUserNamespaces === "0") {
    return "Allow user namespaces: sudo sysctl -w user.max_user_namespaces=15000";
  }
  if (kernel.unprivilegedUsernsClone === "0") {
    return "Allow user namespaces: sudo sysctl -w kernel.unprivileged_userns_clone=1";
  }
  if (kernel.apparmorRestriction === "1") {
    return "Allow bubblewrap user namespaces: sudo sysctl -w kernel.apparmor_restrict_unprivileged_userns=0";
  }
  if (/find source path/.test(reason)) {
    return "Let the workspace's owner reach it (each folder above it needs mode o+x), or move it with ISOPOD_WORKSPACE";
  }
  return "Run `bwrap --ro-bind / / --unshare-all true` to see what is refused; in a container, user namespaces must be allowed";
}

/** `leak` is the first attack that was not held. */
export function explainLeak(
  leak: Probe,
  gateway: { root: boolean; workspace: string },
): Explanation {
  const reason = `${leak.backend} did not hold against "${leak.attack}" (${leak.detail})`;
  if (leak.attack === "fork without end" && gateway.root) {
    return {
      reason: `${reason}: the kernel does not count the processes of root`,
      fix: `Run Isopod as an ordinary user, or give the workspace to one: chown -R 1000:1000 ${gateway.workspace}`,
    };
  }
  if (leak.attack === "inherit descriptors") {
    return {
      reason,
      fix: "Install bash, or start Isopod from a program that leaves no files open",
    };
  }
  return { reason, fix: "Update bubblewrap and the kernel; until it holds, commands stay off" };
}
