/** Everything that can be refused is refused here, before anything is touched. */

import { createHash } from "node:crypto";
import { lstatSync, readFileSync, readlinkSync, realpathSync, statSync } from "node:fs";
import { statfs } from "node:fs/promises";
import { dirname, join, relative } from "node:path";

import { Fault } from "../../base/fault.ts";
import { Damage } from "../../models/embedded/damage.ts";
import { readGgufHeader } from "../../models/embedded/gguf.ts";
import { digest, readPieces } from "../format/digest.ts";
import type { Artefact, Manifest, StoredObject } from "../format/manifest.ts";
import type { Kind } from "../kind.ts";
import { unseal } from "../format/sealed.ts";
import type { OpenedBundle } from "../format/verify-bundle.ts";
import { blobsOf } from "../kinds/ollama.ts";
import { type Machine, type Target, targetOf } from "./place.ts";

export type Wanted = { only?: readonly Kind[] | undefined; replace?: boolean; passphrase?: string };

/** One thing that is to be put into place. */
export type Placement = {
  artefact: Artefact;
  target: Target;
  /** The whole path, all links in the folders above it followed. */
  path: string;
  /** What it is made of; for a link, where it leads to. */
  from: { object: StoredObject } | { link: string };
  /** Where what is there now goes. */
  aside?: string;
};

export type Preflight = { placements: Placement[]; kept: string[]; objects: StoredObject[] };

/** Throws `BUNDLE_PLATFORM`, `BUNDLE_UNSAFE`, `BUNDLE_CONFLICT`, `BUNDLE_NO_SPACE`, `BUNDLE_NOTHING`. */
export async function checkPlaces(
  { manifest, digest: bundle }: Pick<OpenedBundle, "manifest" | "digest">,
  machine: Machine,
  wanted: Wanted,
  signal: AbortSignal,
): Promise<Preflight> {
  const artefacts = select(manifest, wanted.only);
  checkPlatform(manifest, artefacts, machine.platform);
  const all = artefacts.flatMap((artefact) => place(artefact, manifest, machine));
  const placements: Placement[] = [];
  const kept: string[] = [];
  for (const placement of all) {
    const aimed = besideOwnConfig(placement, machine.home);
    if (await isThereAlready(aimed, signal)) kept.push(aimed.path);
    else placements.push(withAside(aimed, wanted.replace ?? false, bundle));
  }
  await checkSpace(placements);
  return { placements, kept, objects: objectsOf(artefacts, manifest) };
}

function select(manifest: Manifest, only: readonly Kind[] | undefined): Artefact[] {
  if (!only) return manifest.artefacts;
  const found = manifest.artefacts.filter(({ kind }) => only.includes(kind));
  if (found.length === 0) throw new Fault("BUNDLE_NOTHING", { kinds: only });
  return found;
}

function checkPlatform(manifest: Manifest, artefacts: readonly Artefact[], here: string): void {
  const bound = artefacts.find(({ platform }) => platform !== undefined && platform !== here);
  if (!bound) return;
  const free = manifest.artefacts.filter(({ platform }) => platform === undefined);
  const kinds = [...new Set(free.map(({ kind }) => kind))];
  throw new Fault("BUNDLE_PLATFORM", { made: bound.platform ?? "", here, kinds });
}

function place(artefact: Artefact, manifest: Manifest, machine: Machine): Placement[] {
  const objects = new Map(manifest.objects.map((object) => [object.sha256, object]));
  const files = artefact.files.flatMap((file) => {
    const target = targetOf(artefact, file, machine, manifest);
    const object = objects.get(file.sha256);
    return object ? [{ artefact, target, path: pathOf(target), from: { object } }] : [];
  });
  const links = (artefact.links ?? []).map(({ path, target: leadsTo }) => {
    if (artefact.kind !== "hf")
      throw new Fault("BUNDLE_UNSAFE", { what: path, why: "it is a link" });
    const target = targetOf(artefact, { path }, machine, manifest);
    return {
      artefact,
      target,
      path: pathOf(target),
      from: { link: relative(dirname(path), leadsTo) },
    };
  });
  return [...files, ...links];
}

/** A person's own links above the root are followed; below it there may be none, or it would lead out. */
function pathOf({ root, path }: Target): string {
  const real = realRoot(root);
  for (let above = dirname(path); above !== "."; above = dirname(above)) {
    const found = lstatSync(join(real, above), { throwIfNoEntry: false });
    if (found && !found.isDirectory())
      throw new Fault("BUNDLE_CONFLICT", { path: join(real, above), kind: "folder" });
  }
  return join(real, path);
}

export function realRoot(root: string): string {
  const found = statSync(root, { throwIfNoEntry: false });
  if (found?.isDirectory()) return realpathSync(root);
  if (found) throw new Fault("BUNDLE_CONFLICT", { path: root, kind: "folder" });
  const above = dirname(root);
  return above === root ? root : join(realRoot(above), root.slice(above.length));
}

/** Somebody's config is never replaced, and none is laid over one that is read today: that could permit more. */
function besideOwnConfig(placement: Placement, home: string): Placement {
  if (placement.artefact.kind !== "config") return placement;
  const own = ["isopod.json", "openclaw.json"].filter((name) => isFile(join(home, name)));
  if (own.length === 0) return placement;
  if (own.includes("isopod.json") && isSame(placement, join(home, "isopod.json"))) return placement;
  return { ...placement, path: join(dirname(placement.path), "isopod.from-bundle.json") };
}

function isSame({ from }: Placement, path: string): boolean {
  if (!("object" in from)) return false;
  return createHash("sha256").update(readFileSync(path)).digest("hex") === from.object.sha256;
}

const isFile = (path: string) => statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;

async function isThereAlready({ path, from, target }: Placement, signal: AbortSignal) {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (!found) return false;
  // The name of an unpacked program has the digest in it; the engine has none, and is not compared.
  if (target.unpacked) return found.isDirectory() && target.path !== "engine";
  if ("link" in from) return found.isSymbolicLink() && readlinkSync(path) === from.link;
  if (!found.isFile() || found.size !== from.object.sizeBytes) return false;
  const own = await digest([{ path, start: 0, sizeBytes: found.size }], signal);
  return own.sha256 === from.object.sha256;
}

/** Left by a store that did not end well: SQLite would play them into the new one. */
const BESIDE_STORE = ["-wal", "-shm", "-journal"];

function withAside(placement: Placement, replace: boolean, bundle: string): Placement {
  const { path, target, artefact } = placement;
  const { kind } = artefact;
  const isIn = (one: string) => lstatSync(one, { throwIfNoEntry: false }) !== undefined;
  const beside =
    kind === "state" ? BESIDE_STORE.map((ending) => path + ending).find(isIn) : undefined;
  if (beside !== undefined) throw new Fault("BUNDLE_CONFLICT", { path: beside, kind });
  if (!isIn(path) || path.endsWith("isopod.from-bundle.json"))
    return withOld(placement, isIn(path), bundle);
  if (!replace || kind === "state") throw new Fault("BUNDLE_CONFLICT", { path, kind });
  return withOld(placement, true, bundle, target);
}

const withOld = (placement: Placement, isIn: boolean, bundle: string, target = placement.target) =>
  isIn
    ? {
        ...placement,
        aside: join(realRoot(target.root), `.isopod-replaced/${bundle.slice(0, 12)}`, target.path),
      }
    : placement;

/** Folders and small files take a little, too. */
const SPARE_BYTES = 16 * 1024 * 1024;

async function checkSpace(placements: readonly Placement[]): Promise<void> {
  const needed = new Map<number, { folder: string; bytes: number }>();
  for (const { target, from } of placements) {
    const folder = existing(realRoot(target.root));
    const { dev } = statSync(folder);
    const before = needed.get(dev)?.bytes ?? SPARE_BYTES;
    const own = "object" in from ? from.object.sizeBytes : 0;
    // A sealed file and an archive are there twice until they were opened.
    needed.set(dev, { folder, bytes: before + own * (target.sealed || target.unpacked ? 2 : 1) });
  }
  for (const { folder, bytes: neededBytes } of needed.values()) {
    const { bavail, bsize } = await statfs(folder);
    const freeBytes = bavail * bsize;
    if (freeBytes < neededBytes)
      throw new Fault("BUNDLE_NO_SPACE", {
        folder,
        neededMb: Math.ceil(neededBytes / 1e6),
        freeMb: Math.floor(freeBytes / 1e6),
      });
  }
}

function existing(path: string): string {
  return statSync(path, { throwIfNoEntry: false }) ? path : existing(dirname(path));
}

function objectsOf(artefacts: readonly Artefact[], { objects }: Manifest): StoredObject[] {
  const wanted = new Set(artefacts.flatMap(({ files }) => files.map(({ sha256 }) => sha256)));
  return objects.filter(({ sha256 }) => wanted.has(sha256));
}

/** Everything but the vocabulary stands in the first few kilobytes. */
const BEGINNING_BYTES = 1024 * 1024;

/** Throws `BUNDLE_CORRUPT` for what is not what its kind must be, and `BUNDLE_PASSPHRASE`. */
export async function checkContents(
  { source }: OpenedBundle,
  placements: readonly Placement[],
  { passphrase }: Wanted,
  signal: AbortSignal,
): Promise<void> {
  const manifests = new Map<string, string>();
  const inBundle = new Set<string>();
  for (const { artefact, target, from } of placements) {
    if (!("object" in from)) continue;
    const { object } = from;
    if (artefact.kind === "gguf") checkGguf(target.path, await beginning(source, object, signal));
    if (artefact.kind === "ollama" && target.path.startsWith("manifests/"))
      manifests.set(target.path, (await beginning(source, object, signal)).toString());
    if (target.sealed) {
      if (passphrase === undefined)
        throw new Fault("BUNDLE_PASSPHRASE", { why: "no passphrase was given" });
      const [whole, ...more] = source.stretches(object);
      if (!whole || more.length > 0) continue; // a split one is opened when it is staged, before it counts
      await unseal(whole, undefined, { passphrase, signal });
    }
  }
  for (const { artefact } of placements)
    for (const { path } of artefact.files) inBundle.add(path.replace("blobs/sha256-", "sha256:"));
  for (const [path, text] of manifests) checkManifest(path, text, inBundle);
}

function checkGguf(what: string, bytes: Buffer): void {
  try {
    readGgufHeader(bytes);
  } catch (cause) {
    if (!(cause instanceof Damage)) throw cause;
    throw new Fault("BUNDLE_CORRUPT", { what, detail: cause.message }, { cause });
  }
}

function checkManifest(what: string, text: string, inBundle: ReadonlySet<string>): void {
  const lost = namedBy(text, what).find(({ digest }) => !inBundle.has(digest));
  if (!lost) return;
  const detail = `it names ${lost.digest}, which is not in the bundle`;
  throw new Fault("BUNDLE_CORRUPT", { what, detail });
}

function namedBy(text: string, what: string) {
  try {
    return blobsOf(text, what);
  } catch (cause) {
    if (!(cause instanceof Fault)) throw cause;
    throw new Fault("BUNDLE_CORRUPT", { what, detail: "it is no manifest of Ollama's" }, { cause });
  }
}

async function beginning(
  source: OpenedBundle["source"],
  object: StoredObject,
  signal: AbortSignal,
) {
  const [first] = source.stretches(object);
  if (!first) return Buffer.alloc(0);
  const stretch = { ...first, sizeBytes: Math.min(first.sizeBytes, BEGINNING_BYTES) };
  const pieces: Buffer[] = [];
  for await (const piece of readPieces(stretch, signal)) pieces.push(Buffer.from(piece));
  return Buffer.concat(pieces);
}
