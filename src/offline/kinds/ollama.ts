/**
 * Models as Ollama keeps them on disk: a manifest that names blobs by their digests. Several stores are looked
 * through. https://github.com/ollama/ollama/blob/main/docs/import.md tells the parts, types/model/name.go the names.
 */

import { createHash } from "node:crypto";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";

import { z } from "zod";

import { Fault } from "../../base/fault.ts";
import type { FileToCarry, ToCarry } from "../format/carry.ts";

const Layer = z.object({
  digest: z.string().regex(/^sha256:[0-9a-f]{64}$/),
  size: z.number().int().nonnegative(),
});
const Manifest = z.object({ config: Layer, layers: z.array(Layer).max(1000) });

/** Real ones have one to three kilobytes. */
const MAX_MANIFEST_BYTES = 1024 * 1024;

/** Where stores may be: what the environment names, the user's own, those of the Linux service. */
export const ollamaStores = (env: Readonly<Record<string, string | undefined>>): string[] => [
  ...(env["OLLAMA_MODELS"] ? [env["OLLAMA_MODELS"]] : []),
  ...(env["HOME"] ? [join(env["HOME"], ".ollama/models")] : []),
  "/usr/share/ollama/.ollama/models",
  "/var/lib/ollama/models",
];

/** The store into which a model is restored: the first that is there, else the one that Ollama would make. */
export const ollamaHome = (env: Readonly<Record<string, string | undefined>>): string => {
  const stores = ollamaStores(env);
  return stores.find((store) => isFolder(store)) ?? stores[0] ?? "";
};

/** Where a name's manifest is below "manifests": "qwen3:8b", "kim/mine", "hf.co/org/repo:Q4_K_M". */
export function manifestPath(name: string): string | undefined {
  const colon = name.lastIndexOf(":");
  const hasTag = colon > name.lastIndexOf("/");
  const tag = hasTag ? name.slice(colon + 1) : "latest";
  const parts = (hasTag ? name.slice(0, colon) : name).split("/");
  const [host, space, model] = [
    parts.at(-3) ?? "registry.ollama.ai",
    parts.at(-2) ?? "library",
    parts.at(-1) ?? "",
  ];
  const path = [host, space, model, tag];
  // Ollama's own alphabet, less hosts with a port: nothing that leads elsewhere, or that a stick cannot name.
  const fits = parts.length <= 3 && path.every((part) => /^[A-Za-z0-9_][\w.-]*$/.test(part));
  return fits ? path.join("/") : undefined;
}

/**
 * The model as it lies in the first store that has it; undefined where none has. Throws `OFFLINE_SOURCE` where
 * something of it is missing or cannot be read.
 */
export function toOllama(name: string, stores: readonly string[]): ToCarry | undefined {
  const path = manifestPath(name);
  const store = stores.find((store) => path && isFile(join(store, "manifests", path)));
  if (path === undefined || store === undefined) return undefined;
  const from = join(store, "manifests", path);
  const text = readManifest(from);
  const blobs = blobsOf(text, from);
  return {
    id: `ollama:${name}`,
    kind: "ollama",
    title: name,
    files: [
      ...blobs.map(({ digest, size }) => toBlob(store, digest.replace(":", "-"), size)),
      {
        path: `manifests/${path}`,
        from,
        sizeBytes: Buffer.byteLength(text),
        sha256: createHash("sha256").update(text).digest("hex"),
      },
    ],
  };
}

/** Names of all models of the stores, each once. */
export function listOllama(stores: readonly string[]): string[] {
  const names = stores.flatMap((store) =>
    list(join(store, "manifests")).flatMap((path) => {
      const [host, space, model, tag] = path.split("/");
      if (!host || !space || !model || !tag) return [];
      if (host !== "registry.ollama.ai") return [`${host}/${space}/${model}:${tag}`];
      return [space === "library" ? `${model}:${tag}` : `${space}/${model}:${tag}`];
    }),
  );
  return [...new Set(names)];
}

/** The blobs that a manifest names, each once. Throws `OFFLINE_SOURCE` for what is no manifest. */
export function blobsOf(text: string, path: string): { digest: string; size: number }[] {
  const parsed = Manifest.safeParse(parse(text));
  if (!parsed.success)
    throw new Fault("OFFLINE_SOURCE", { path, why: "it is no manifest of Ollama's" });
  const { config, layers } = parsed.data;
  return [...new Map([...layers, config].map((layer) => [layer.digest, layer])).values()];
}

function toBlob(store: string, name: string, size: number): FileToCarry {
  const from = join(store, "blobs", name);
  const found = statSync(from, { throwIfNoEntry: false });
  if (found?.size !== size) {
    const why = found ? `it has ${found.size} of ${size} bytes` : "it is not there";
    throw new Fault("OFFLINE_SOURCE", { path: from, why });
  }
  return { path: `blobs/${name}`, from, sizeBytes: size, sha256: name.replace("sha256-", "") };
}

function readManifest(path: string): string {
  const { size } = statSync(path);
  if (size > MAX_MANIFEST_BYTES)
    throw new Fault("OFFLINE_SOURCE", { path, why: "it is too large" });
  return readFileSync(path, "utf8");
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // the schema refuses it
  }
}

function list(folder: string): string[] {
  if (!isFolder(folder)) return [];
  const entries = readdirSync(folder, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1));
}

const isFolder = (path: string) =>
  statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
const isFile = (path: string) => statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
