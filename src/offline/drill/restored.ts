/** The machine of a drill: what a bundle holds, put into folders that nobody else uses, and the words that start it. */

import { existsSync, mkdirSync } from "node:fs";
import { join, relative } from "node:path";

import { Fault } from "../../base/fault.ts";
import type { OnProgress } from "../format/carry.ts";
import { hubOf } from "../kinds/hugging-face.ts";
import { ollamaStores } from "../kinds/ollama.ts";
import type { Offline } from "../offline.ts";
import type { Restored } from "../restore/restore.ts";
import type { Cable } from "../prove/cable.ts";
import type { DrilledBundle } from "./report.ts";
import { missed, type Steps } from "./steps.ts";

export type Env = Readonly<Record<string, string | undefined>>;

export type RestoreWords = {
  /** The bundle that is to be drilled; without it one is made. */
  path?: string;
  trust: readonly string[];
  passphrase?: string;
};

/** Where everything of a drill is; all of it below one folder. */
export type DrillPlaces = { folder: string; home: string; workspace: string; papers: string };

export function makePlaces(folder: string): DrillPlaces {
  const at = (name: string) => join(folder, name);
  const home = at("home");
  for (const name of ["home", "workspace", "ollama", "hub", "tmp"])
    mkdirSync(at(name), { mode: 0o700 });
  return { folder, home, workspace: at("workspace"), papers: at("papers") };
}

/** The environment in which a bundle is restored below the folder, whatever this machine's own says. */
export function restoringEnv(env: Env, { folder, home }: DrillPlaces): Env {
  const { ISOPOD_CONFIG: _, OPENCLAW_CONFIG_PATH: __, HF_HOME: ___, ...rest } = env;
  const stores = { OLLAMA_MODELS: join(folder, "ollama"), HF_HUB_CACHE: join(folder, "hub") };
  return { ...rest, HOME: folder, ISOPOD_HOME: home, ...stores };
}

/** Makes or takes the bundle and restores it. Undefined where that failed; the steps say why. */
export async function restoreForDrill(
  own: Offline,
  there: Offline,
  {
    words,
    folder,
    steps,
    limits,
    tell,
  }: {
    words: RestoreWords;
    folder: string;
    steps: Steps;
    limits: string[];
    tell: (text: string) => void;
  },
  signal: AbortSignal,
): Promise<{ bundle: DrilledBundle; restored: Restored } | undefined> {
  const watch = { onProgress: tellingOf(tell), signal };
  const path = words.path ?? join(folder, "bundle");
  const isMade = words.path === undefined;
  const trust = [...words.trust, await own.publicKey()];
  const made = await steps.run("bundle", async () => {
    if (!isMade) return `"${path}" was given`;
    const { manifest, elsewhere } = await own.bundle({ out: path, remember: false }, watch);
    for (const { ref, why } of elsewhere) limits.push(`${ref ?? "A model"} was not tried: ${why}`);
    return `${manifest.id} was made, of ${manifest.artefacts.length} artefacts`;
  });
  if (!made) return undefined;
  let bundle: DrilledBundle | undefined;
  let restored: Restored | undefined;
  await steps.run("restore", async () => {
    const { id, signer, platform, artefacts } = await own.verify(path, trust, watch);
    bundle = { id, signer: signer.key, made: isMade, platform, artefacts };
    const { passphrase } = words;
    const isClosed = passphrase === undefined && artefacts.some(({ kind }) => kind === "state");
    if (isClosed) limits.push("Conversations of the bundle were not restored: no `--decrypt`");
    const kinds = artefacts.map(({ kind }) => kind).filter((kind) => kind !== "state");
    const only = isClosed ? { only: kinds } : {};
    const sealed = passphrase === undefined ? {} : { passphrase };
    restored = await there.restore(
      { path, trust, replace: false, dryRun: false, ...only, ...sealed },
      watch,
    );
    return `${restored.placed.length} put into place, signed with ${restored.signer}`;
  });
  return bundle && restored && { bundle, restored };
}

const tellingOf =
  (tell: (text: string) => void): OnProgress =>
  ({ text, doneBytes, totalBytes }) =>
    tell(`${text}: ${Math.floor((100 * doneBytes) / Math.max(totalBytes, 1))} %`);

export async function checkFiles({ placed }: Restored): Promise<string> {
  const lost = placed.find(({ path }) => !existsSync(path));
  if (lost) throw missed(`"${lost.path}" is not there, of ${lost.id}`);
  return `${placed.length} of ${placed.length}`;
}

/** Who runs in a drill: what was restored, where the bundle has it, else what is installed. */
export type DrilledProgram = { words: readonly string[]; isRestored: boolean };

/** Throws `DRILL_STEP` for a program without the Node that comes along. */
export function toProgram(
  { placed }: Restored,
  installed: { launcher: string; node: string },
): DrilledProgram {
  const program = placed.find(({ kind }) => kind === "program");
  if (!program) return { words: [installed.node, installed.launcher], isRestored: false };
  const name = `node-${process.platform}-${process.arch}`;
  const node = join(program.path, "node_modules", name, "bin/node");
  const own = existsSync(node) ? node : installed.node;
  const launcher = join(program.path, "bin/isopod.cjs");
  if (!existsSync(launcher)) throw missed(`"${launcher}" is not there`);
  return { words: [own, launcher], isRestored: true };
}

export type Covered = { home: string; env: Record<string, string>; limits: string[] };

/**
 * Lays what was restored over what this machine has itself, so that the gateway of the drill finds it where the config
 * says, and cannot read the original. Returns where its home is then, and its environment.
 */
export async function coverOriginals(
  cable: Cable,
  { home, env, needed }: { home: string; env: Env; needed: readonly string[] },
  places: DrillPlaces,
): Promise<Covered> {
  const { folder } = places;
  const limits: string[] = [];
  const inside: Record<string, string> = {};
  for (const [name, value] of Object.entries(env)) if (value !== undefined) inside[name] = value;
  delete inside["ISOPOD_CONFIG"];
  delete inside["OPENCLAW_CONFIG_PATH"];
  const cover = async (over: string, by: string) => {
    if (!existsSync(over)) return false;
    if ([folder, ...needed].some((path) => isBelow(path, over))) {
      limits.push(`The originals in "${over}" were not hidden: Isopod itself runs from there`);
      return false;
    }
    await cable.cover(over, by);
    return true;
  };
  const stores = ollamaStores(env);
  for (const store of stores) await cover(store, join(folder, "ollama"));
  if (!stores.some((store) => existsSync(store))) inside["OLLAMA_MODELS"] = join(folder, "ollama");
  const hub = hubOf(env);
  if (!(await cover(hub, join(folder, "hub")))) inside["HF_HUB_CACHE"] = join(folder, "hub");
  const isCovered = await cover(home, places.home);
  return { home: isCovered ? home : places.home, limits, env: withOwn(inside, places) };
}

/** Tools write into a folder of the drill, and no door is on a port that somebody may have. */
const withOwn = (env: Record<string, string>, { folder, workspace }: DrillPlaces) => ({
  ...env,
  TMPDIR: join(folder, "tmp"), // a gateway that is killed leaves its own behind
  ISOPOD_WORKSPACE: workspace,
  ISOPOD_GATEWAY_PORT: "0",
});

function isBelow(path: string, folder: string): boolean {
  const way = relative(folder, path);
  return way === "" || !way.startsWith("..");
}

/** Throws before anything is done. */
export function refuseMissingBundle({ path }: RestoreWords): void {
  if (path !== undefined && !existsSync(path)) throw new Fault("BUNDLE_NOT_FOUND", { path });
}
