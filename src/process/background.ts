import { spawn } from "node:child_process";
import { mkdirSync, openSync } from "node:fs";
import { dirname } from "node:path";

import type { Doors } from "./doors.ts";

/**
 * Starts one of our own scripts so that it outlives this process: a session of its own, no terminal, its
 * words in a file. `ended` resolves if it ends while we still wait for it.
 */
export function startBackground({
  doors,
  script,
  args,
  log,
  env,
}: {
  doors: Doors;
  script: string;
  args: readonly string[];
  log: string;
  env: Readonly<Record<string, string | undefined>>;
}): { ended: Promise<unknown> } {
  mkdirSync(dirname(log), { recursive: true, mode: 0o700 });
  const output = openSync(log, "a", 0o600);
  const child = doors.start(() =>
    spawn(process.execPath, [script, ...args], {
      detached: true,
      stdio: ["ignore", output, output],
      env: { ...env },
    }),
  );
  child.unref();
  return {
    ended: new Promise((resolve) => child.once("exit", resolve).once("error", resolve)),
  };
}
