/** Every artefact that a config needs: where it is, how large, and what to do where it is not here. Uses no network. */

import { existsSync, statSync } from "node:fs";
import { basename, join } from "node:path";

import type { AgentSettings } from "../agent/settings.ts";
import { Fault } from "../base/fault.ts";
import { readInstalled } from "../models/engine/installed.ts";
import type { ModelsSettings } from "../models/settings.ts";
import type { Locality } from "../protocol/event.ts";
import type { ToCarry } from "./format/carry.ts";
import type { Kind } from "./kind.ts";
import { archiveBytes, type FolderFile, listFolder } from "./kinds/folder.ts";
import { findGguf, ggufId, toGguf } from "./kinds/gguf.ts";
import { hubOf, toHuggingFace } from "./kinds/hugging-face.ts";
import { listOllama, ollamaStores, toOllama } from "./kinds/ollama.ts";
import { type NeededModel, neededModels } from "./kinds/needed.ts";
import { listProgram } from "./kinds/program.ts";

export type Surroundings = {
  home: string;
  env: Readonly<Record<string, string | undefined>>;
  /** The folder with our `package.json`. */
  root: string;
  version: string;
  /** Such as "linux-x64-glibc". */
  platform: string;
  agents: AgentSettings;
  models: ModelsSettings;
  /** The config file in force, where there is one. */
  configFile?: string;
};

export type PlanItem = {
  id: string;
  /** "model" for one that is on another machine. */
  kind: Kind | "model";
  title: string;
  /** The model that needs it. */
  ref?: string;
  /** Here, to be fetched, or on another machine (then it is not carried). */
  state: "here" | "missing" | "elsewhere";
  locality?: Locality;
  sizeBytes?: number;
  /** One sentence. */
  why: string;
  /** How to get it, where it is missing. */
  fix?: string;
  /** What has it on this machine. */
  files?: ToCarry;
  /** A folder that becomes one archive. */
  folder?: readonly FolderFile[];
};

export function makePlan(around: Surroundings): PlanItem[] {
  const needed = neededModels(around.agents, around.models);
  const models =
    needed.length > 0 ? needed.map((model) => planModel(model, around)) : [...found(around)];
  const known = new Map(models.map((item) => [item.id, item]));
  const runsFiles = models.some(({ kind }) => kind === "gguf");
  return [
    planProgram(around),
    ...(runsFiles ? [planEngine(around)] : []),
    ...known.values(),
    ...planConfig(around),
  ];
}

function planProgram({ root, version, platform }: Surroundings): PlanItem {
  const folder = listProgram(root);
  return {
    id: "program:isopod",
    kind: "program",
    title: `Isopod ${version} for ${platform}`,
    state: "here",
    sizeBytes: archiveBytes(folder),
    why: "with its Node and its packages; the built-in demonstration model is in it",
    folder,
  };
}

function planEngine({ home, platform }: Surroundings): PlanItem {
  const own = { id: "engine:node-llama-cpp", kind: "engine" as const };
  const path = join(home, "engine");
  const installed = readInstalled(path);
  if (!installed) {
    const fix = "isopod models engine install";
    const why = "GGUF files need it, and it is not installed";
    return { ...own, title: "node-llama-cpp", state: "missing", why, fix };
  }
  const folder = listFolder(path);
  return {
    ...own,
    title: `node-llama-cpp ${installed.version} for ${installed.gpu === "none" ? "the processor" : installed.gpu}, ${platform}`,
    state: "here",
    sizeBytes: archiveBytes(folder),
    why: "it runs GGUF files",
    folder,
  };
}

function planModel(model: NeededModel, around: Surroundings): PlanItem {
  const { ref, product, locality } = model;
  if (product === "embedded") return planGguf(model, around);
  const own = { id: `model:${ref}`, kind: "model" as const, title: ref, ref, locality };
  if (locality === "cloud" || locality === "unknown") {
    const why = "it is in the cloud: nothing of it can be carried";
    return { ...own, state: "elsewhere", why };
  }
  if (locality !== "device") {
    const why = `it is on another machine of yours (${model.baseUrl}), which keeps it`;
    return { ...own, state: "elsewhere", why };
  }
  if (product === "ollama") return planOllama(model, around);
  const kept = toHuggingFace(model.model, hubOf(around.env));
  if (kept) return here(kept, model, "in the cache of Hugging Face");
  const why = `its server keeps it where this program does not look; carry it by hand`;
  return { ...own, state: "elsewhere", why };
}

function planOllama(model: NeededModel, { env }: Surroundings): PlanItem {
  const kept = toOllama(model.model, ollamaStores(env));
  if (kept) return here(kept, model, "in Ollama's store");
  return {
    ...missing(model, `ollama:${model.model}`, "ollama"),
    why: "it is in no store of Ollama's on this machine",
    fix: `isopod models pull ${model.model}`,
  };
}

function planGguf(model: NeededModel, { home }: Surroundings): PlanItem {
  if (model.model === "demo") {
    const why = "the built-in demonstration model is part of Isopod";
    return { ...missing(model, "program:demo", "program"), state: "here", sizeBytes: 0, why };
  }
  const place = model.path ?? join(home, "models");
  const file = findGguf(place).find(({ id }) => id === model.model);
  if (file) return here(toGguf(file), model, `in "${place}"`);
  return {
    ...missing(model, ggufId(model.model), "gguf"),
    why: `"${place}" has no ${model.model}.gguf`,
    fix: `copy ${model.model}.gguf into "${place}"`,
  };
}

const missing = ({ ref, locality }: NeededModel, id: string, kind: Kind) => ({
  id,
  kind,
  title: ref,
  ref,
  locality,
  state: "missing" as const,
});

const here = (
  files: ToCarry,
  { ref, locality }: Pick<NeededModel, "ref" | "locality">,
  why: string,
): PlanItem => ({
  id: files.id,
  kind: files.kind,
  title: files.title,
  ref,
  locality,
  state: "here",
  sizeBytes: files.files.reduce((all, { sizeBytes }) => all + sizeBytes, 0),
  why,
  files,
});

/** What there is, where the config names no model: the best of it answers. */
function* found({ home, env }: Surroundings): Generator<PlanItem> {
  const why = "the config names no model, so each one that is here may answer";
  for (const file of findGguf(join(home, "models"))) {
    const own = { ref: `embedded/${file.id}`, locality: "embedded" as const };
    yield here(toGguf(file), own, why);
  }
  const stores = ollamaStores(env);
  for (const name of listOllama(stores)) {
    const kept = toOllama(name, stores);
    if (kept) yield here(kept, { ref: `ollama/${name}`, locality: "device" }, why);
  }
}

function planConfig({ configFile }: Surroundings): PlanItem[] {
  if (configFile === undefined) return [];
  return [
    {
      id: "config:isopod.json",
      kind: "config",
      title: basename(configFile),
      state: "here",
      sizeBytes: statSync(configFile).size,
      why: "what you have set; secrets are left out",
    },
  ];
}

/** Throws `OFFLINE_MISSING` where something of these kinds would have to be fetched first. */
export function refuseMissing(items: readonly PlanItem[]): void {
  const lost = items.filter(({ state }) => state === "missing");
  if (lost.length === 0) return;
  throw new Fault("OFFLINE_MISSING", { what: lost.map(({ title, why }) => `${title} (${why})`) });
}

export const hasState = (home: string) => existsSync(join(home, "isopod.db"));
