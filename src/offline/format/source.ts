/** A bundle that is read: a folder, or one tar file with the same names in it. Nothing outside of it is followed. */

import { constants } from "node:fs";
import { lstat, open, readdir } from "node:fs/promises";
import { join } from "node:path";

import { Fault } from "../../base/fault.ts";
import { MAX_MANIFEST_BYTES, type StoredObject } from "./manifest.ts";
import type { Stretch } from "./digest.ts";
import { readTar } from "./tar.ts";

export const MANIFEST_NAME = "BUNDLE.json";
export const SIGNATURE_NAME = "BUNDLE.json.minisig";
export const SUMS_NAME = "SHA256SUMS";
export const README_NAME = "README.txt";
/** Stands in a folder as long as it is not finished. */
export const PART_NAME = "UNFINISHED";

export interface BundleSource {
  readonly path: string;
  /** Throws `BUNDLE_CORRUPT` where there is none, or one that is larger than any. */
  readSmall(name: string, maxBytes?: number): Promise<Buffer>;
  /** Where the bytes of an object are, piece by piece. Throws `BUNDLE_CORRUPT` for one that is not as large as told. */
  stretches(object: StoredObject): Stretch[];
  /** Names in `objects` that are not of this list. */
  strangers(names: ReadonlySet<string>): string[];
}

/** Throws `BUNDLE_NOT_FOUND`, and `BUNDLE_UNSAFE` for links and whatever else is no regular file. */
export async function openBundle(path: string): Promise<BundleSource> {
  const found = await lstat(path).catch(() => undefined); // whatever the reason, there is none to be read
  if (found?.isFile()) return toSource(path, await listTar(path));
  if (!found?.isDirectory()) throw new Fault("BUNDLE_NOT_FOUND", { path });
  return toSource(path, await listFolder(path));
}

export const objectNames = ({
  sha256,
  parts,
}: Pick<StoredObject, "sha256" | "parts">): string[] => {
  const name = `objects/${sha256.slice(0, 2)}/${sha256}`;
  return parts ? parts.map((_, at) => `${name}.${`${at}`.padStart(3, "0")}`) : [name];
};

type Files = ReadonlyMap<string, Stretch>;

function toSource(path: string, files: Files): BundleSource {
  const find = (name: string) => {
    const found = files.get(name);
    if (found) return found;
    throw new Fault("BUNDLE_CORRUPT", { what: name, detail: "it is not there" });
  };
  return {
    path,
    async readSmall(name, maxBytes = MAX_MANIFEST_BYTES) {
      const { path, start, sizeBytes } = find(name);
      if (sizeBytes > maxBytes)
        throw new Fault("BUNDLE_CORRUPT", { what: name, detail: "too large" });
      const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW);
      try {
        const bytes = Buffer.alloc(sizeBytes);
        await file.read(bytes, 0, sizeBytes, start);
        return bytes;
      } finally {
        await file.close();
      }
    },
    stretches(object) {
      const sizes = object.parts ?? [object];
      return objectNames(object).map((name, at) => {
        const stretch = find(name);
        const wanted = sizes[at]?.sizeBytes;
        if (stretch.sizeBytes === wanted) return stretch;
        const detail = `it has ${stretch.sizeBytes} bytes, and the manifest says ${wanted}`;
        throw new Fault("BUNDLE_CORRUPT", { what: name, detail });
      });
    },
    strangers: (names) =>
      [...files.keys()].filter((name) => name.startsWith("objects/") && !names.has(name)),
  };
}

const listTar = async (path: string): Promise<Files> =>
  new Map((await readTar(path)).map(({ path, content }) => [path, content]));

const OWN = new Set([MANIFEST_NAME, SIGNATURE_NAME, SUMS_NAME, README_NAME, PART_NAME]);

/** What else people and their systems leave on a stick is passed over, unless it is in among the objects. */
async function listFolder(root: string): Promise<Files> {
  const files = new Map<string, Stretch>();
  const add = async (name: string) => {
    const path = join(root, name);
    const found = await lstat(path);
    if (!found.isFile()) throw unsafe(name);
    files.set(name, { path, start: 0, sizeBytes: found.size });
  };
  const list = async (name: string) => {
    const found = await lstat(join(root, name)).catch(() => undefined); // a bundle without objects is refused later
    if (!found) return [];
    if (!found.isDirectory()) throw unsafe(name);
    return readdir(join(root, name));
  };
  for (const name of await readdir(root)) if (OWN.has(name)) await add(name);
  for (const folder of await list("objects")) {
    if (!/^[0-9a-f]{2}$/.test(folder)) continue; // a part that was not finished, or a system's own
    for (const name of await list(`objects/${folder}`)) await add(`objects/${folder}/${name}`);
  }
  return files;
}

const unsafe = (what: string) => new Fault("BUNDLE_UNSAFE", { what, why: "it is no regular file" });
