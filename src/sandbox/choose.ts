/** Chooses the sandbox of this machine: the first back-end that held against every attack, or none. */

import { readFile } from "node:fs/promises";

import { Fault } from "../base/fault.ts";
import type { Programs } from "../process/program.ts";
import type { Decoy } from "./attack.ts";
import { createBubblewrap, createMachine } from "./bubblewrap.ts";
import { explainFailure, explainLeak, type Kernel } from "./explain.ts";
import { PROBE_LIMITS, probeSandbox } from "./probe.ts";
import type { Probe, Sandbox, SandboxChoice } from "./sandbox.ts";
import type { SandboxSettings } from "./settings.ts";

export type ChooseOptions = {
  programs: Programs;
  settings: SandboxSettings;
  /** The real path of the workspace. */
  workspace: string;
  /** State, config, secrets and sockets: must not be seen inside. */
  hidden: readonly string[];
  /** Listeners of ours that the attacker tries to reach; without them that attack is left out. */
  decoy?: Decoy;
};

/** Never throws but for the signal's reason: that there is no sandbox is an answer. Takes some 100 ms. */
export async function chooseSandbox(
  options: ChooseOptions,
  signal: AbortSignal,
): Promise<SandboxChoice> {
  const { programs, settings, workspace, hidden } = options;
  if (settings.run === "deny")
    return off('sandbox.run is "deny"', "Set sandbox.run to auto or ask");
  if (process.platform !== "linux") {
    return off(
      `there is no back-end for ${process.platform} yet`,
      "Run Isopod on Linux to let the model run commands; the file tools work here",
    );
  }
  const shared = { programs, hidden, machine: createMachine() };
  const sandbox = createBubblewrap({ ...shared, limits: settings });
  const attacked = createBubblewrap({ ...shared, limits: PROBE_LIMITS });
  try {
    const [tried] = await Promise.all([
      probeSandbox({ ...options, sandbox: attacked }, signal),
      startOnce(sandbox, workspace, signal),
    ]);
    const leak = tried.find(({ held }) => !held);
    if (!leak) return { ok: true, sandbox, tried };
    return {
      ok: false,
      tried,
      ...explainLeak(leak, { root: process.getuid?.() === 0, workspace }),
    };
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    return { ok: false, tried: [], ...explainFailure(error, await readKernel()) };
  }
}

/** The probe has a workspace of its own; this proves that the true one can be reached. */
async function startOnce(sandbox: Sandbox, workspace: string, signal: AbortSignal): Promise<void> {
  await sandbox.run({ command: ":", workspace, timeoutMs: 10_000 }, signal);
}

function off(reason: string, fix: string): SandboxChoice {
  return { ok: false, reason, fix, tried: [] satisfies Probe[] };
}

async function readKernel(): Promise<Kernel> {
  const read = async (name: string) =>
    (await readFile(`/proc/sys/${name}`, "utf8").catch(() => "")).trim(); // this kernel lacks the switch
  return {
    maxUserNamespaces: await read("user/max_user_namespaces"),
    unprivilegedUsernsClone: await read("kernel/unprivileged_userns_clone"),
    apparmorRestriction: await read("kernel/apparmor_restrict_unprivileged_userns"),
  };
}
