/** Python packages in an environment of their own. */

import { existsSync } from "node:fs";
import { join } from "node:path";

import type { Children } from "./children.ts";
import type { Folders } from "./folders.ts";

/** Several name a Python that is new enough for all of them. */
const PYTHON = process.env["ISOPOD_PEERS_PYTHON"] ?? "python3";

export type PythonPackages = {
  name: string;
  /** With their exact versions; the first one is what the peer is. */
  packages: readonly [string, ...string[]];
  env?: Readonly<Record<string, string>>;
};

export const programIn = (folders: Folders, name: string, program: string) =>
  join(folders.root, name, "venv/bin", program);

/** May be repeated: pip keeps what it downloaded and leaves what is there. */
export async function installPython(
  { name, packages, env }: PythonPackages,
  folders: Folders,
  children: Children,
  signal: AbortSignal,
): Promise<void> {
  folders.forget(name);
  const venv = join(folders.of(name), "venv");
  if (!existsSync(join(venv, "bin/pip"))) {
    await children.run(PYTHON, ["-m", "venv", venv], { signal });
  }
  const quiet = ["install", "--quiet", "--disable-pip-version-check"];
  await children.run(join(venv, "bin/pip"), [...quiet, ...packages], {
    env: { ...process.env, ...env },
    signal,
  });
  folders.note(name, packages[0].split("==")[1] ?? packages[0]);
}

/** Nothing of them may ask the internet for anything, nor count who uses it. */
export const SILENT = {
  HF_HUB_OFFLINE: "1",
  TRANSFORMERS_OFFLINE: "1",
  HF_HUB_DISABLE_TELEMETRY: "1",
  DO_NOT_TRACK: "1",
  PYTHONUNBUFFERED: "1",
};
