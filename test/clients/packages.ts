/**
 * The programs of others that talk to Isopod, each in a folder of its own outside this repository's modules:
 * what a test needs must not be what the product may import by accident.
 */

import { execFileSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { homedir } from "node:os";
import { join } from "node:path";

export type Package = {
  name: string;
  /** Its `package.json` and lock. */
  source: string;
  /** Where it is installed. */
  folder: string;
};

const CACHE = process.env["ISOPOD_CLIENTS"] ?? join(homedir(), ".cache/isopod-clients");

/** The official openai package and the Vercel AI SDK: 60 MB. */
export const SDKS: Package = { name: "sdks", source: import.meta.dirname, folder: CACHE };
/** OpenClaw: 650 MB. */
export const OPENCLAW: Package = {
  name: "openclaw",
  source: join(import.meta.dirname, "openclaw"),
  folder: join(CACHE, "openclaw"),
};

const LOCK = "package-lock.json";
/** Copied last, so that an install that was cut is not taken for one. */
const DONE = "installed-lock.json";

/** Whether it is there, in just the versions of its lock. */
export function isInstalled({ source, folder }: Package): boolean {
  const done = join(folder, DONE);
  return existsSync(done) && readFileSync(done).equals(readFileSync(join(source, LOCK)));
}

/** What a skipped test says; false where it runs, also to fail: with ISOPOD_TEST_COMPLETE=1 nothing is skipped. */
export const missing = (wanted: Package): string | false =>
  isInstalled(wanted) || process.env["ISOPOD_TEST_COMPLETE"] === "1"
    ? false
    : `${wanted.name} is not installed: node test/clients/install.ts ${wanted.name}`;

/** Exactly what the lock names, and none of its scripts is run. */
export function install(wanted: Package): void {
  const { source, folder } = wanted;
  if (isInstalled(wanted)) return;
  mkdirSync(folder, { recursive: true });
  rmSync(join(folder, DONE), { force: true });
  for (const file of ["package.json", LOCK]) copyFileSync(join(source, file), join(folder, file));
  const flags = ["--ignore-scripts", "--no-audit", "--no-fund"];
  execFileSync("npm", ["ci", ...flags], { cwd: folder, stdio: "inherit" });
  copyFileSync(join(source, LOCK), join(folder, DONE));
}

/** A module of an installed package. Its types stay there, so tests look into it as they expect it to be. */
// eslint-disable-next-line typescript/no-explicit-any
export const load = (name: string): any =>
  createRequire(join(SDKS.folder, "package.json"))(name) as unknown;
