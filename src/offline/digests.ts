/** Digests of large files, kept so that a second look costs nothing: a file that was touched since is read again. */

import { mkdir, readFile, rename, stat, writeFile } from "node:fs/promises";
import { dirname } from "node:path";

import { z } from "zod";

import { digest, type OnBytes } from "./format/digest.ts";

const Kept = z.record(z.string(), z.object({ mark: z.string(), sha256: z.string() }));

export interface Digests {
  of(path: string, onBytes: OnBytes, signal: AbortSignal): Promise<string>;
  /** Writes what was learnt. */
  save(): Promise<void>;
}

export async function openDigests(file: string): Promise<Digests> {
  const kept = await readKept(file);
  let changed = false;
  return {
    async of(path, onBytes, signal) {
      const { size, mtimeMs, ctimeMs, ino } = await stat(path);
      const mark = [size, mtimeMs, ctimeMs, ino].join(" ");
      const known = kept[path];
      if (known?.mark === mark) {
        onBytes(size);
        return known.sha256;
      }
      const { sha256 } = await digest([{ path, start: 0, sizeBytes: size }], signal, onBytes);
      kept[path] = { mark, sha256 };
      changed = true;
      return sha256;
    },
    async save() {
      if (!changed) return;
      await mkdir(dirname(file), { recursive: true, mode: 0o700 });
      await writeFile(`${file}.part`, JSON.stringify(kept), { mode: 0o600 });
      await rename(`${file}.part`, file);
    },
  };
}

async function readKept(file: string): Promise<z.infer<typeof Kept>> {
  try {
    return Kept.parse(JSON.parse(await readFile(file, "utf8")));
  } catch {
    return {}; // it is only to save time
  }
}
