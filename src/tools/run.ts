import { z } from "zod";

import { Fault } from "../base/fault.ts";
import type { SandboxResult } from "../sandbox/sandbox.ts";
import type { SandboxSettings } from "../sandbox/settings.ts";
import { forgiving } from "./arguments.ts";
import { changedSince, watchGuarded } from "./guarded.ts";
import { defineTool } from "./tool.ts";

/** `run` obeys settings, so it is made; the other tools are constants. */
export const createRun = (settings: SandboxSettings) =>
  defineTool({
    name: "run",
    description: "Run a shell command in the workspace. It has no network.",
    effect: "run",
    input: forgiving(
      { command: z.string().min(1) },
      { command: ["cmd", "shell", "script", "code"] },
    ),

    asks: () => (settings.run === "ask" ? "sandbox.run is set to ask" : undefined),

    async run({ command }, { workspace, sandbox, sandboxOff, signal }) {
      if (!sandbox || settings.run === "deny") {
        const { reason, fix } = sandboxOff ?? DENIED;
        throw new Fault("SANDBOX_OFF", { why: reason, fix });
      }
      const before = await watchGuarded(workspace, signal);
      const timeoutMs = settings.timeoutSeconds * 1000;
      const call = { command, workspace: workspace.root, timeoutMs };
      const result = await sandbox.run(call, signal);
      const changed = changedSince(before, await watchGuarded(workspace, signal));
      return [
        result.output.trimEnd(),
        ending(result, settings),
        changed.length > 0 ? warning(changed) : "",
      ]
        .filter(Boolean)
        .join("\n");
    },
  });

const DENIED = {
  reason: 'sandbox.run is "deny"',
  fix: "Use the other tools; a person can set sandbox.run to auto or ask",
};

function ending({ ended, exitCode, output }: SandboxResult, settings: SandboxSettings): string {
  if (ended === "timeout") return `[ended: it took longer than ${settings.timeoutSeconds} s]`;
  if (ended === "memory") return `[ended: it used more than ${settings.memoryMb} MB of memory]`;
  if (ended === "disk") {
    return "[not run, or ended: the disk is nearly full. Tell the person, who has to make room]";
  }
  if (ended === "signal" || exitCode === null) return "[ended by a signal]";
  if (exitCode === 0) return output.trim() === "" ? "[done; it printed nothing]" : "";
  return `[exit code ${exitCode}${MEANINGS[exitCode] ?? ""}]`;
}

/** 128 and the signal's number: limits that end a program. */
const MEANINGS: Partial<Record<number, string>> = {
  137: ": it was killed",
  139: ": it crashed",
  152: ": it used too much processor time",
  153: ": a file grew too large",
};

/** The person reads it too: in the sandbox nobody was asked. */
const warning = (paths: readonly string[]) =>
  `[changed files that programs outside the sandbox may run: ${paths.slice(0, 10).join(", ")}. Tell the person]`;
