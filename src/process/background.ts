import { spawn } from "node:child_process";
import { fstatSync, mkdirSync, openSync, readFileSync } from "node:fs";
import { dirname } from "node:path";

import type { Doors } from "./doors.ts";

/**
 * Starts one of our own scripts so that it outlives this process: a session of its own, no terminal, its
 * words in a file. `ended` resolves with what it has written there, if it ends while we still wait.
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
}): { ended: Promise<string> } {
  mkdirSync(dirname(log), { recursive: true, mode: 0o700 });
  const output = openSync(log, "a+", 0o600);
  const { size } = fstatSync(output);
  const child = doors.start(() =>
    spawn(process.execPath, [script, ...args], {
      detached: true,
      stdio: ["ignore", output, output],
      env: { ...env },
    }),
  );
  child.unref();
  const written = () => readFileSync(log).subarray(size).toString();
  return {
    ended: new Promise((resolve) => {
      for (const end of ["exit", "error"]) child.once(end, () => resolve(written()));
    }),
  };
}
