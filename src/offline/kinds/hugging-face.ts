/**
 * A repository in the cache of Hugging Face's library, which vLLM, SGLang and MLX read: blobs, and names that are links
 * to them. https://huggingface.co/docs/huggingface_hub/guides/manage-cache
 */

import { readdirSync, readFileSync, realpathSync, statSync } from "node:fs";
import { join, sep } from "node:path";

import { Fault } from "../../base/fault.ts";
import type { FileToCarry, ToCarry } from "../format/carry.ts";

export const hubOf = (env: Readonly<Record<string, string | undefined>>): string =>
  env["HF_HUB_CACHE"] ||
  join(env["HF_HOME"] || join(env["HOME"] ?? "", ".cache/huggingface"), "hub");

/** "Qwen/Qwen3-8B" as a folder of the cache. */
const folderOf = (repository: string) => `models--${repository.replaceAll("/", "--")}`;

/**
 * The revision that "main" names, or the only one. Undefined where the cache has none. Throws `OFFLINE_SOURCE` for one
 * that brings code of its own, or whose names lead out of it.
 */
export function toHuggingFace(repository: string, hub: string): ToCarry | undefined {
  if (!/^[\w.-]+\/[\w.-]+$/.test(repository)) return undefined;
  const folder = folderOf(repository);
  const root = join(hub, folder);
  const revision = readRevision(root);
  if (revision === undefined) return undefined;
  const files = new Map<string, FileToCarry>();
  const links: { path: string; target: string }[] = [];
  for (const name of list(join(root, "snapshots", revision))) {
    const path = `${folder}/snapshots/${revision}/${name}`;
    const blob = toBlob(join(hub, path), root);
    refuseCode(join(hub, path), name);
    const target = `${folder}/${blob}`;
    const from = join(root, blob);
    files.set(target, { path: target, from, sizeBytes: statSync(from).size, ...digestOf(blob) });
    if (target !== path) links.push({ path, target });
  }
  const ref = `${folder}/refs/main`;
  const from = join(hub, ref);
  const size = statSync(from, { throwIfNoEntry: false })?.size;
  if (size !== undefined) files.set(ref, { path: ref, from, sizeBytes: size });
  return {
    id: `hf:${repository}`,
    kind: "hf",
    title: repository,
    files: [...files.values()],
    links,
  };
}

function readRevision(root: string): string | undefined {
  const all = list(join(root, "snapshots"), false);
  const main = readText(join(root, "refs/main"))?.trim();
  const found = main ?? (all.length === 1 ? all[0] : undefined);
  return found !== undefined && all.includes(found) && /^[0-9a-f]{40}$/.test(found)
    ? found
    : undefined;
}

/** Where the bytes of a name are, below the repository's folder. */
function toBlob(path: string, root: string): string {
  const real = realpathSync(path);
  const home = realpathSync(root) + sep;
  if (real.startsWith(home)) return real.slice(home.length);
  throw new Fault("OFFLINE_SOURCE", { path, why: "it leads out of its folder" });
}

/** Large blobs are named by their SHA-256, small ones by git's. */
const digestOf = (blob: string) => {
  const name = blob.split("/").at(-1) ?? "";
  return blob.startsWith("blobs/") && /^[0-9a-f]{64}$/.test(name) ? { sha256: name } : {};
};

/** Such a model runs Python of whoever published it (`trust_remote_code`). */
function refuseCode(path: string, name: string): void {
  const brings = name.endsWith(".py") || (name === "config.json" && hasAutoMap(readText(path)));
  if (!brings) return;
  throw new Fault("OFFLINE_SOURCE", { path, why: "it brings code that its server would run" });
}

function hasAutoMap(text = ""): boolean {
  return /"auto_map"\s*:/.test(text);
}

function list(folder: string, deep = true): string[] {
  if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory()) return [];
  const entries = readdirSync(folder, { recursive: deep, withFileTypes: true });
  return entries
    .filter((entry) => !deep || !entry.isDirectory())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1));
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined; // a cache need not have it
  }
}
