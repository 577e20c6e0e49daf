/**
 * Installs the engine into the state folder, with npm and the lock file that comes with Isopod. No script of
 * a package is run. What is half there does not count: it is moved into place when all of it is.
 */

import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";

import type { Clock } from "../../base/clock.ts";
import { Fault } from "../../base/fault.ts";
import type { Programs } from "../../process/program.ts";
import { runProgram } from "../../process/run.ts";
import type { Mode } from "../../protocol/event.ts";
import type { EngineStatus, EngineWanted } from "../../protocol/model-engine.ts";
import type { Machine } from "../../protocol/model-fit.ts";
import type { KeepingEvent } from "../../protocol/model-keeping.ts";
import { readInstalled, writeInstalled } from "./installed.ts";
import { chooseForm, toManifests, VERSION } from "./packages.ts";

export interface EngineInstaller {
  status(): EngineStatus;
  /**
   * Throws `MODEL_ENGINE_OFFLINE` but in mode internet and from a folder, `MODEL_ENGINE_UNSUPPORTED`,
   * `MODEL_ENGINE_FAILED`, `PROGRAM_MISSING` where there is no npm, and the signal's reason.
   */
  install(wanted: EngineWanted, signal: AbortSignal): AsyncIterable<KeepingEvent>;
  /** False where nothing was installed. */
  remove(): Promise<{ removed: boolean }>;
}

export type InstallerDeps = {
  programs: Pick<Programs, "start">;
  clock: Clock;
  env: Readonly<Record<string, string | undefined>>;
  /** Where it goes. */
  folder: string;
  /** `process.platform` and `process.arch`, as "linux-x64". */
  platform: string;
  machine: (signal: AbortSignal) => Promise<Machine>;
  mode: () => Mode;
  /** True where config keeps the mode from ever being internet. */
  capped: boolean;
  /** Ends what runs from the folder. */
  unload: () => Promise<void>;
};

/** A folder of some thousand files is measured in tens of ms. */
const LOOK_EVERY_MS = 1_000;

export function createInstaller(deps: InstallerDeps): EngineInstaller {
  const { clock, folder, platform, mode, capped, unload } = deps;
  const staging = `${folder}.part`;

  const checkMode = (wanted: EngineWanted) => {
    if (wanted.from !== undefined || mode() === "internet") return;
    throw new Fault("MODEL_ENGINE_OFFLINE", { mode: mode(), capped });
  };

  return {
    status: () => ({ folder, wanted: VERSION, installed: readInstalled(folder) ?? null }),

    async *install(wanted, signal) {
      checkMode(wanted);
      const beganMs = clock.elapsedMs();
      const { gpus } = await deps.machine(signal);
      const form = chooseForm(wanted.gpu, platform, gpus);
      const { gpu, sizeBytes: totalBytes } = form;
      const text = `node-llama-cpp ${VERSION} for ${gpu === "none" ? "the processor" : gpu}`;
      yield { type: "progress", text, doneBytes: 0, totalBytes };
      prepare(staging, toManifests(form));
      const stop = new AbortController();
      const npm = runNpm(staging, wanted, deps, AbortSignal.any([signal, stop.signal]));
      try {
        for await (const doneBytes of watchSize(staging, npm, clock)) {
          checkMode(wanted); // a person may have narrowed it meanwhile
          yield { type: "progress", text, doneBytes: Math.min(doneBytes, totalBytes), totalBytes };
        }
        await npm;
      } finally {
        stop.abort(); // also when whoever asked has gone away
        await npm.catch(() => undefined); // it was thrown above, or nobody is there to be told
      }
      const sizeBytes = await sizeOf(staging);
      writeInstalled(staging, {
        version: VERSION,
        gpu,
        platform,
        installedAt: clock.now(),
        sizeBytes,
      });
      await unload();
      rmSync(folder, { recursive: true, force: true });
      renameSync(staging, folder);
      yield { type: "done", ref: `${text}`, seconds: (clock.elapsedMs() - beganMs) / 1000 };
    },

    async remove() {
      const removed = existsSync(folder) || existsSync(staging);
      await unload();
      for (const path of [folder, staging]) rmSync(path, { recursive: true, force: true });
      return { removed };
    },
  };
}

function prepare(staging: string, { own, lock }: { own: object; lock: object }): void {
  rmSync(staging, { recursive: true, force: true });
  mkdirSync(staging, { recursive: true, mode: 0o700 });
  writeFileSync(join(staging, "package.json"), JSON.stringify(own));
  writeFileSync(join(staging, "package-lock.json"), JSON.stringify(lock));
}

/** Throws `MODEL_ENGINE_FAILED` with npm's own words. */
async function runNpm(
  cwd: string,
  { from, save }: EngineWanted,
  { programs, env }: InstallerDeps,
  signal: AbortSignal,
): Promise<void> {
  const cache = from ?? save;
  const args = [
    "ci",
    // What a package would run on our machine, and the engines of all other machines.
    "--ignore-scripts",
    "--omit=optional",
    "--no-audit",
    "--no-fund",
    "--no-update-notifier",
    "--loglevel=error",
    ...(cache === undefined ? [] : [`--cache=${cache}`]),
    ...(from === undefined ? [] : ["--offline"]),
  ];
  const { exitCode, stdout, stderr } = await runProgram(programs, {
    command: "npm",
    args,
    purpose: "models.engine.install",
    network: from === undefined ? "host" : "none",
    env: passedOn(env),
    cwd,
    signal,
  });
  if (exitCode === 0) return;
  throw new Fault("MODEL_ENGINE_FAILED", { detail: lastWords(stderr || stdout) });
}

/** What npm needs to reach the person's own registry: its settings, a proxy, a certificate. */
const passedOn = (env: InstallerDeps["env"]): Record<string, string> =>
  Object.fromEntries(
    Object.entries(env).flatMap(([name, value]): [string, string][] =>
      value !== undefined &&
      /^(PATH|HOME|(https?|no)_proxy|NODE_EXTRA_CA_CERTS|npm_config_.*)$/i.test(name)
        ? [[name, value]]
        : [],
    ),
  );

function lastWords(text: string): string {
  const lines = text.split("\n").map((line) => line.replace(/^npm (error|ERR!) ?/, "").trim());
  const said = lines.filter((line) => line !== "" && !line.startsWith("A complete log"));
  return said.slice(0, 3).join("; ").slice(0, 400) || "npm said nothing";
}

/** How much is there, once in a while, until the work is over. Throws nothing of the work's. */
async function* watchSize(folder: string, work: Promise<unknown>, clock: Clock) {
  const over = new AbortController();
  const end = () => over.abort();
  work.then(end, end);
  while (!over.signal.aborted) {
    await clock.sleep(LOOK_EVERY_MS, over.signal).catch(() => undefined); // it is over
    if (!over.signal.aborted) yield await sizeOf(folder);
  }
}

async function sizeOf(folder: string): Promise<number> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  let total = 0;
  for (const entry of entries) {
    if (!entry.isFile()) continue;
    // npm moves files about while it works.
    const found = await stat(join(entry.parentPath, entry.name)).catch(() => undefined);
    total += found?.size ?? 0;
  }
  return total;
}
