/**
 * Attacks a sandbox, to learn whether it holds. Which programs are installed proves nothing: kernels,
 * containers and security modules differ, so only an attack that failed counts.
 */

import {
  chmod,
  chown,
  mkdir,
  mkdtemp,
  readdir,
  readlink,
  rm,
  stat,
  symlink,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { Fault } from "../base/fault.ts";
import { attackCommand, type Decoy, LAST_LINE } from "./attack.ts";
import type { Limits } from "./limits.ts";
import type { Probe, Sandbox } from "./sandbox.ts";
import { isKnownArchitecture } from "./seccomp.ts";

/** Small limits are reached sooner; how they are enforced does not depend on their size. */
export const PROBE_LIMITS: Limits = { memoryMb: 64, processes: 16, outputBytes: 64 * 1024 };

/** It takes some 50 ms; on a machine that swaps, longer. */
const TIMEOUT_MS = 10_000;

const NAMESPACES = ["pid", "net", "mnt", "user", "ipc", "uts"];

export type ProbeOptions = {
  /** Made with `PROBE_LIMITS`. */
  sandbox: Sandbox;
  /** The true workspace: the attacker gets one of the same owner. */
  workspace: string;
  /** Folders that must not be seen inside, such as the state. */
  hidden: readonly string[];
  decoy?: Decoy;
};

/**
 * One start of the sandbox that tries everything. Throws `SANDBOX_FAILED` when the sandbox or the
 * attacker cannot start, or the attacker did not come to its end.
 */
export async function probeSandbox(options: ProbeOptions, signal: AbortSignal): Promise<Probe[]> {
  const folder = await mkdtemp(join(tmpdir(), "isopod-probe-"));
  try {
    return await attack(folder, options, signal);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function attack(
  folder: string,
  { sandbox, workspace, hidden, decoy }: ProbeOptions,
  signal: AbortSignal,
): Promise<Probe[]> {
  const { arch } = process;
  if (!isKnownArchitecture(arch)) {
    throw new Fault("SANDBOX_FAILED", { detail: `there is no filter for ${arch}` });
  }
  const field = await layOut(folder, workspace);
  const { processes, memoryMb } = PROBE_LIMITS;
  const command = attackCommand({
    arch,
    secretFile: field.secret,
    hidden,
    link: "way-out",
    processes,
    memoryMb,
    ...(decoy && { decoy }),
    namespaces: await Promise.all(NAMESPACES.map((kind) => readlink(`/proc/self/ns/${kind}`))),
  });
  const call = { command, workspace: field.workspace, timeoutMs: TIMEOUT_MS };
  const { output, ended } = await sandbox.run(call, signal);
  const rows = output.split("\n").map((line) => line.split("\t"));
  const last = rows.find(([name]) => name === LAST_LINE);
  if (!last) {
    const said = output.trim().split("\n").at(-1) ?? "";
    throw new Fault("SANDBOX_FAILED", {
      detail: `the attacker stopped half-way (${ended}): ${said}`,
    });
  }
  const escaped = await readdir(field.outside);
  const backend = sandbox.name;
  const found = rows
    .filter(([, verdict]) => verdict === "held" || verdict === "open")
    .map(([name = "", verdict, detail = ""]) => ({
      backend,
      attack: name,
      held: verdict === "held",
      detail,
    }));
  return [
    ...found,
    {
      backend,
      attack: "leave a file outside",
      held: escaped.length === 0,
      detail: escaped.join(" ") || "none",
    },
    // No attack: a sandbox in which nothing works would hold against all of them.
    { backend, attack: "write the workspace", held: last[1] === "1", detail: "must work" },
  ];
}

/** The attacker's ground: a workspace with a link that leads out, and a secret that anybody may read. */
async function layOut(folder: string, workspace: string) {
  const field = {
    workspace: join(folder, "workspace"),
    outside: join(folder, "outside"),
    secret: join(folder, "secret"),
  };
  await Promise.all([mkdir(field.workspace), mkdir(field.outside)]);
  await writeFile(field.secret, "canary");
  await symlink(field.outside, join(field.workspace, "way-out"));
  // Nothing but the sandbox stands between the attacker and these: their modes let it pass.
  await Promise.all([chmod(folder, 0o711), chmod(field.secret, 0o644)]);
  if (process.getuid?.() === 0) {
    const { uid, gid } = await stat(workspace);
    await Promise.all([chown(field.workspace, uid, gid), chown(field.outside, uid, gid)]);
  }
  return field;
}
