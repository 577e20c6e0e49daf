/** Writes a bundle: a folder of objects, its manifest, the sums, and a signature. */

import { mkdir, readdir, rename, rm, stat, statfs, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";

import { Fault } from "../../base/fault.ts";
import type { Signer } from "../../base/signature.ts";
import type { OnProgress, ToCarry } from "./carry.ts";
import { newHash, openSink, readPieces, syncFolder } from "./digest.ts";
import {
  type Artefact,
  type Manifest,
  type StoredObject,
  parseManifest,
  totalsOf,
  writeManifest,
} from "./manifest.ts";
import { createMeter } from "./meter.ts";
import { digestOnly, openObjects } from "./objects.ts";
import { writeReadme } from "./readme.ts";
import {
  MANIFEST_NAME,
  objectNames,
  PART_NAME,
  README_NAME,
  SIGNATURE_NAME,
  SUMS_NAME,
} from "./source.ts";
import { paddingOf, TAR_END, toTarHeader } from "./tar.ts";

export type WriteOrder = {
  /** A folder, or a file whose name ends in ".tar". */
  out: string;
  /** Objects that are larger are split; not for one file. */
  splitBytes?: number;
  artefacts: readonly ToCarry[];
  sealed?: boolean;
  id: string;
  createdAt: string;
  version: string;
  platform: string;
  signer: Pick<Signer, "publicKey" | "sign">;
};

export const isArchive = (out: string) => out.endsWith(".tar");

/**
 * Throws `BUNDLE_EXISTS`, `BUNDLE_NO_SPACE`, `OFFLINE_SOURCE` and the signal's reason. A folder that was begun is
 * gone on with by the same call.
 */
export async function writeBundle(
  order: WriteOrder,
  onProgress: OnProgress,
  signal: AbortSignal,
): Promise<Manifest> {
  if (isArchive(order.out)) return writeArchive(order, onProgress, signal);
  const { out, splitBytes = Infinity } = order;
  await begin(out);
  const objects = await openObjects(out, splitBytes);
  const files = order.artefacts.flatMap(({ files }) => files);
  const total = sizeOf(order.artefacts);
  await checkSpace(out, total - (await objects.doneBytes(files)));
  const meter = createMeter(onProgress, total);
  const manifest = await describe(order, (file, text) => objects.put(file, meter(text), signal));
  for (const [name, content] of texts(manifest, order.signer)) await writeSmall(out, name, content);
  await dropRest(out, manifest);
  await rm(join(out, PART_NAME));
  await syncFolder(out);
  return manifest;
}

async function begin(out: string): Promise<void> {
  await mkdir(out, { recursive: true });
  const names = await readdir(out);
  if (names.includes(PART_NAME)) return;
  if (names.length > 0) throw new Fault("BUNDLE_EXISTS", { path: out });
  await writeFile(join(out, PART_NAME), "", { flush: true });
}

/** What an earlier run began or wrote, and this one had no use for. */
async function dropRest(out: string, { objects }: Manifest): Promise<void> {
  const wanted = new Set(objects.flatMap(objectNames));
  const names = await readdir(join(out, "objects"), { recursive: true, withFileTypes: true });
  for (const entry of names) {
    const path = join(entry.parentPath, entry.name);
    if (entry.isFile() && !wanted.has(path.slice(out.length + 1))) await rm(path);
  }
}

const sizeOf = (artefacts: readonly ToCarry[]) =>
  artefacts.flatMap(({ files }) => files).reduce((all, { sizeBytes }) => all + sizeBytes, 0);

/** Folders and small files take a little, too. */
const SPARE_BYTES = 16 * 1024 * 1024;

async function checkSpace(folder: string, bytes: number): Promise<void> {
  const { bavail, bsize } = await statfs(folder);
  const neededBytes = bytes + SPARE_BYTES;
  const freeBytes = bavail * bsize;
  if (freeBytes < neededBytes)
    throw new Fault("BUNDLE_NO_SPACE", {
      folder,
      neededMb: Math.ceil(neededBytes / 1e6),
      freeMb: Math.floor(freeBytes / 1e6),
    });
}

type Store = (file: ToCarry["files"][number], text: string) => Promise<StoredObject>;

async function describe(order: WriteOrder, store: Store): Promise<Manifest> {
  const objects = new Map<string, StoredObject>();
  const artefacts: Artefact[] = [];
  for (const { files, links = [], id, kind, title, platform } of order.artefacts) {
    const stored: Artefact["files"] = [];
    for (const file of files) {
      const object = await store(file, title);
      objects.set(object.sha256, object);
      stored.push({ path: file.path, sha256: object.sha256, sizeBytes: object.sizeBytes });
    }
    artefacts.push({
      id,
      kind,
      title,
      ...(platform !== undefined && { platform }),
      files: stored,
      ...(links.length > 0 && { links: [...links] }),
    });
  }
  const lists = {
    artefacts,
    objects: [...objects.values()].toSorted((a, b) => (a.sha256 < b.sha256 ? -1 : 1)),
  };
  const manifest: Manifest = {
    schema: 1,
    id: order.id,
    createdAt: order.createdAt,
    tool: { name: "isopod", version: order.version },
    platform: order.platform,
    signer: order.signer.publicKey,
    ...(order.sealed && { sealed: { cipher: "scrypt-aes-256-gcm" } }),
    ...lists,
    totals: totalsOf(lists),
  };
  return parseManifest(writeManifest(manifest)); // nothing is signed that would be refused
}

/** What stands beside the objects. */
function texts(
  manifest: Manifest,
  signer: Pick<Signer, "sign">,
): [name: string, content: string][] {
  const text = writeManifest(manifest);
  const readme = writeReadme(manifest);
  const comment = `isopod ${manifest.id} ${manifest.createdAt}`;
  const sums = manifest.objects.flatMap((object) => {
    const parts = object.parts ?? [object];
    return objectNames(object).map((name, at) => `${parts[at]?.sha256}  ${name}\n`);
  });
  const sumOf = (content: string, name: string) =>
    `${newHash().update(content).digest("hex")}  ${name}\n`;
  return [
    [README_NAME, readme],
    [MANIFEST_NAME, text],
    [SIGNATURE_NAME, signer.sign(Buffer.from(text), comment)],
    [SUMS_NAME, [sumOf(text, MANIFEST_NAME), sumOf(readme, README_NAME), ...sums].join("")],
  ];
}

async function writeSmall(folder: string, name: string, content: string): Promise<void> {
  const temp = join(folder, `${name}.part`);
  await writeFile(temp, content, { flush: true });
  await rename(temp, join(folder, name));
}

/** One pass to know the names, one to write: what is written is compared with what was named. */
async function writeArchive(
  order: WriteOrder,
  onProgress: OnProgress,
  signal: AbortSignal,
): Promise<Manifest> {
  const { out, artefacts } = order;
  if (await stat(out).catch(() => undefined)) throw new Fault("BUNDLE_EXISTS", { path: out });
  const total = sizeOf(artefacts);
  await checkSpace(dirname(out), total);
  const meter = createMeter(onProgress, 2 * total);
  const from = new Map<string, string>();
  const manifest = await describe(order, async (file, text) => {
    const object = await digestOnly(file, meter(text), signal);
    from.set(object.sha256, file.from);
    return object;
  });
  const temp = `${out}.part`;
  const sink = await openSink(temp);
  try {
    for (const [path, content] of texts(manifest, order.signer)) {
      const bytes = Buffer.from(content);
      await sink.write(toTarHeader({ path, sizeBytes: bytes.length, isExecutable: false }));
      await sink.write(Buffer.concat([bytes, Buffer.alloc(paddingOf(bytes.length))]));
    }
    for (const object of manifest.objects) {
      const source = from.get(object.sha256) ?? "";
      await writeEntry(sink, object, source, { onBytes: meter("writing"), signal });
    }
    await sink.write(TAR_END);
    await sink.finish();
  } catch (error) {
    await sink.close();
    await rm(temp, { force: true });
    throw error;
  }
  await sink.close();
  await rename(temp, out);
  await syncFolder(dirname(out));
  return manifest;
}

async function writeEntry(
  sink: Awaited<ReturnType<typeof openSink>>,
  object: StoredObject,
  source: string,
  { onBytes, signal }: { onBytes: (bytes: number) => void; signal: AbortSignal },
): Promise<void> {
  const { sizeBytes } = object;
  const [path = ""] = objectNames(object);
  await sink.write(toTarHeader({ path, sizeBytes, isExecutable: false }));
  const hash = newHash();
  for await (const piece of readPieces({ path: source, start: 0, sizeBytes }, signal)) {
    hash.update(piece);
    await sink.write(piece);
    onBytes(piece.length);
  }
  if (hash.digest("hex") !== object.sha256)
    throw new Fault("OFFLINE_SOURCE", { path: source, why: "it was changed while it was read" });
  await sink.write(Buffer.alloc(paddingOf(sizeBytes)));
}
