/**
 * The files of an Ollama: `manifests/HOST/NAMESPACE/NAME/TAG`, each a list of `blobs/sha256-HEX` (docs of
 * ollama/ollama, types/model/name.go). Read for a device that copies a model, and written by one that does.
 */

import { createReadStream } from "node:fs";
import { mkdir, open, readFile, rename, rm, stat, statfs } from "node:fs/promises";
import { dirname, join } from "node:path";

import { z } from "zod";

import { Fault } from "../base/fault.ts";

const DIGEST = /^sha256:[0-9a-f]{64}$/;

/** A model has some six parts; one that claims thousands is no model. */
const MAX_PARTS = 100;
export const MAX_MANIFEST_BYTES = 1024 * 1024;

const Part = z.object({ digest: z.string().regex(DIGEST), size: z.int().nonnegative() });
const Manifest = z.object({ config: Part, layers: z.array(Part).max(MAX_PARTS) });
export type Part = z.infer<typeof Part>;

export interface Store {
  readonly folder: string;
  /** Its bytes as they lie there; undefined for a model that is not. Throws `SHARE_STORE`. */
  manifest(model: string): Promise<Buffer | undefined>;
  /** Throws `SHARE_STORE` where the folder cannot be read; undefined for one that is not there. */
  sizeOf(digest: string): Promise<number | undefined>;
  read(digest: string, from: number): AsyncIterable<Uint8Array>;
  /** Bytes of an unfinished part, wherever it stopped. */
  partial(digest: string): Promise<number>;
  readPartial(digest: string): AsyncIterable<Uint8Array>;
  /** Throws `SHARE_STORE`. */
  append(digest: string): Promise<Appender>;
  /** Puts a whole part in its place, or throws an unfinished one away. */
  keep(digest: string): Promise<void>;
  drop(digest: string): Promise<void>;
  /** The last thing that is written: from then on the model is there. */
  writeManifest(model: string, bytes: Uint8Array): Promise<void>;
  freeBytes(): Promise<number>;
}

export type Appender = { write(bytes: Uint8Array): Promise<void>; close(): Promise<void> };

/** What a manifest lists, each part once. Throws `SHARE_DAMAGED`. */
export function readManifest(bytes: Uint8Array, model: string): Part[] {
  try {
    const { config, layers } = Manifest.parse(JSON.parse(Buffer.from(bytes).toString()));
    const parts = new Map([config, ...layers].map((part) => [part.digest, part]));
    return [...parts.values()];
  } catch (cause) {
    const detail = "what describes it cannot be read";
    throw new Fault("SHARE_DAMAGED", { what: model, detail }, { cause });
  }
}

/** `qwen3:8b` stands for `registry.ollama.ai/library/qwen3:8b`. Undefined for what is no name. */
export function manifestPath(model: string): string | undefined {
  const [, path = "", tag = "latest"] = /^([^:]+)(?::([^:/]+))?$/.exec(model) ?? [];
  const parts = path.split("/");
  const whole = ["registry.ollama.ai", "library"].slice(0, Math.max(0, 3 - parts.length));
  const names = [...whole, ...parts, tag];
  const isName = (name: string) => /^[A-Za-z0-9_][\w.-]{0,79}$/.test(name);
  return names.length === 4 && names.every(isName) ? join(...names) : undefined;
}

export function createStore(folder: string): Store {
  const blob = (digest: string) => join(folder, "blobs", fileOf(digest));
  // Not among the blobs: Ollama removes there at its start what no model needs.
  const part = (digest: string) => join(folder, "isopod-parts", fileOf(digest));
  const failed = (cause: unknown) => {
    const detail = cause instanceof Error ? cause.message : String(cause);
    return new Fault("SHARE_STORE", { path: folder, detail }, { cause });
  };
  const guarded = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await work();
    } catch (cause) {
      throw failed(cause);
    }
  };
  const sizeAt = (path: string) => guarded(() => unlessAbsent(stat(path))).then((at) => at?.size);

  return {
    folder,
    async manifest(model) {
      const path = manifestPath(model);
      if (path === undefined) return undefined;
      return guarded(() => unlessAbsent(readFile(join(folder, "manifests", path))));
    },
    sizeOf: (digest) => sizeAt(blob(digest)),
    read: (digest, start) => createReadStream(blob(digest), { start }),
    partial: async (digest) => (await sizeAt(part(digest))) ?? 0,
    readPartial: (digest) => createReadStream(part(digest)),

    append: (digest) =>
      guarded(async () => {
        await mkdir(dirname(part(digest)), { recursive: true });
        const file = await open(part(digest), "a", 0o644);
        return {
          write: (bytes) => guarded(() => file.appendFile(bytes)),
          close: () =>
            guarded(async () => {
              await file.sync();
              await file.close();
            }),
        };
      }),
    keep: (digest) =>
      guarded(async () => {
        await mkdir(join(folder, "blobs"), { recursive: true });
        await rename(part(digest), blob(digest));
      }),
    drop: (digest) => guarded(() => rm(part(digest), { force: true })),

    async writeManifest(model, bytes) {
      const path = manifestPath(model);
      if (path === undefined) throw failed(`"${model}" is not the name of a model`);
      const file = join(folder, "manifests", path);
      await guarded(async () => {
        await mkdir(dirname(file), { recursive: true });
        const aside = join(folder, "isopod-parts", `manifest-${process.pid}`);
        await mkdir(dirname(aside), { recursive: true });
        const handle = await open(aside, "w", 0o644);
        await handle.writeFile(bytes);
        await handle.sync();
        await handle.close();
        await rename(aside, file);
      });
    },
    freeBytes: () =>
      guarded(async () => {
        await mkdir(folder, { recursive: true });
        const { bavail, bsize } = await statfs(folder);
        return bavail * bsize;
      }),
  };
}

/** Throws for anything but a digest: it becomes the name of a file. */
function fileOf(digest: string): string {
  if (!DIGEST.test(digest))
    throw new Fault("SHARE_DAMAGED", { what: "a part", detail: "its digest is none" });
  return digest.replace(":", "-");
}

async function unlessAbsent<T>(reading: Promise<T>): Promise<T | undefined> {
  try {
    return await reading;
  } catch (error) {
    if ((Object(error) as { code?: unknown }).code === "ENOENT") return undefined;
    throw error;
  }
}
