/** Copies what is to be put into place to a folder beside it, and digests it once more on the way. */

import { mkdirSync } from "node:fs";
import { lstat, mkdir, rename, rm, symlink } from "node:fs/promises";
import { dirname, join } from "node:path";

import { Fault } from "../../base/fault.ts";
import {
  digest,
  newHash,
  type OnBytes,
  openSink,
  readPieces,
  syncFolder,
} from "../format/digest.ts";
import type { StoredObject } from "../format/manifest.ts";
import { unseal } from "../format/sealed.ts";
import type { BundleSource } from "../format/source.ts";
import { readTar, type TarEntry } from "../format/tar.ts";
import type { Step } from "./journal.ts";
import { type Placement, realRoot } from "./preflight.ts";

export const STAGING = ".isopod-restore";

export const stagingOf = ({ target }: Placement) => join(realRoot(target.root), STAGING);

export type StageDeps = {
  source: BundleSource;
  passphrase: string | undefined;
  /** Takes out of a store what must not come back. */
  cleanStore: (file: string) => void;
  onBytes: OnBytes;
  signal: AbortSignal;
};

/** What was staged by an earlier call that was ended is looked at again, and copied only where it differs. */
export async function stage(placement: Placement, deps: StageDeps): Promise<Step> {
  const { path: target, from, aside, artefact } = placement;
  const folder = stagingOf(placement);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const staged = join(folder, newHash().update(target).digest("hex").slice(0, 32));
  if ("link" in from) {
    await rm(staged, { force: true });
    await symlink(from.link, staged);
  } else {
    await stageObject(from.object, staged, placement, deps);
    if (artefact.kind === "state" && target.endsWith("isopod.db")) deps.cleanStore(staged);
  }
  await syncFolder(folder);
  return { staged, target, ...(aside !== undefined && { aside }) };
}

async function stageObject(
  object: StoredObject,
  staged: string,
  { target, artefact }: Placement,
  deps: StageDeps,
): Promise<void> {
  const isPlain = !target.unpacked && !target.sealed && artefact.kind !== "state";
  if (isPlain && (await isStaged(object, staged, deps))) return;
  const copy = isPlain ? `${staged}.part` : `${staged}.whole`;
  await copyObject(object, copy, deps);
  if (target.sealed) {
    const { passphrase = "", signal } = deps;
    const whole = { path: copy, start: 0, sizeBytes: object.sizeBytes };
    await unseal(whole, `${staged}.part`, { passphrase, signal });
  } else if (target.unpacked) {
    await rm(`${staged}.part`, { recursive: true, force: true });
    await unpack(copy, `${staged}.part`, deps.signal);
  } else if (!isPlain) {
    await rename(copy, `${staged}.part`);
  }
  await rm(staged, { recursive: true, force: true });
  await rename(`${staged}.part`, staged);
  if (!isPlain) await rm(copy, { force: true });
}

async function isStaged(
  { sha256, sizeBytes }: StoredObject,
  staged: string,
  { onBytes, signal }: StageDeps,
): Promise<boolean> {
  const found = await lstat(staged).catch(() => undefined); // nothing was staged yet
  if (!found?.isFile() || found.size !== sizeBytes) return false;
  const own = await digest([{ path: staged, start: 0, sizeBytes }], signal);
  if (own.sha256 !== sha256) return false;
  onBytes(sizeBytes);
  return true;
}

async function copyObject(object: StoredObject, to: string, deps: StageDeps): Promise<void> {
  const { source, onBytes, signal } = deps;
  const hash = newHash();
  const sink = await openSink(to);
  try {
    for (const stretch of source.stretches(object)) {
      for await (const piece of readPieces(stretch, signal)) {
        hash.update(piece);
        await sink.write(piece);
        onBytes(piece.length);
      }
    }
    await sink.finish();
  } finally {
    await sink.close();
  }
  if (hash.digest("hex") === object.sha256) return;
  const detail = "it was changed while it was read";
  throw new Fault("BUNDLE_CORRUPT", { what: object.sha256, detail });
}

/** Regular files only, under plain names: `readTar` refuses everything else before the first is written. */
async function unpack(archive: string, to: string, signal: AbortSignal): Promise<void> {
  const entries = await readTar(archive);
  mkdirSync(to, { mode: 0o700 });
  const folders = new Set<string>([to]);
  for (const { path } of entries) folders.add(dirname(join(to, path)));
  for (const folder of folders) await mkdir(folder, { recursive: true, mode: 0o700 });
  const left = entries.values();
  // Each file waits for the disk: several at a time wait once for all of them.
  const work = async () => {
    for (const entry of left) await unpackFile(entry, to, signal);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
  for (const folder of folders) await syncFolder(folder);
}

const AT_ONCE = 8;

async function unpackFile(
  { path, content, isExecutable }: TarEntry,
  to: string,
  signal: AbortSignal,
) {
  const sink = await openSink(join(to, path), { mode: isExecutable ? 0o700 : 0o600 });
  try {
    for await (const piece of readPieces(content, signal)) await sink.write(piece);
    await sink.finish();
  } finally {
    await sink.close();
  }
}
