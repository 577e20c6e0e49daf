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

/** Installs what pip takes three minutes for in half of one (litellm[proxy], 100 packages). */
const UV = "uv==0.13.9";

/** May be repeated: what was downloaded is kept, and what is there is left. */
export async function installPython(
  { name, packages, env }: PythonPackages,
  folders: Folders,
  children: Children,
  signal: AbortSignal,
): Promise<void> {
  folders.forget(name);
  const uv = await bringUv(folders, children, signal);
  const venv = join(folders.of(name), "venv");
  const python = join(venv, "bin/python");
  if (!existsSync(python)) {
    await children.run(PYTHON, ["-m", "venv", "--without-pip", venv], { signal });
  }
  await children.run(uv, ["pip", "install", "--quiet", "--python", python, ...packages], {
    env: { ...process.env, ...env, UV_CACHE_DIR: join(folders.of("uv"), "cache") },
    signal,
  });
  folders.note(name, packages[0].split("==")[1] ?? packages[0]);
}

async function bringUv(folders: Folders, children: Children, signal: AbortSignal) {
  const uv = programIn(folders, "uv", "uv");
  if (existsSync(uv)) return uv;
  await children.run(PYTHON, ["-m", "venv", join(folders.of("uv"), "venv")], { signal });
  const quiet = ["install", "--quiet", "--disable-pip-version-check", UV];
  await children.run(programIn(folders, "uv", "pip"), quiet, { signal });
  return uv;
}

/** Nothing of them may ask the internet for anything, nor count who uses it. */
export const SILENT = {
  HF_HUB_OFFLINE: "1",
  TRANSFORMERS_OFFLINE: "1",
  HF_HUB_DISABLE_TELEMETRY: "1",
  DO_NOT_TRACK: "1",
  PYTHONUNBUFFERED: "1",
};
