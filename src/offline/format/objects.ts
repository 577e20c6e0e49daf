/**
 * Puts files into a bundle's folder by their digest. Whatever ends it in the middle, the same call goes on: what was
 * finished stands in a journal, and of what was not, each piece is compared with its source before it counts.
 */

import { appendFile, mkdir, open, readFile, rename, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Hash } from "node:crypto";

import { z } from "zod";

import { Fault } from "../../base/fault.ts";
import type { FileToCarry } from "./carry.ts";
import {
  digest,
  newHash,
  type OnBytes,
  openSink,
  readPieces,
  type Stretch,
  syncFolder,
} from "./digest.ts";
import type { StoredObject } from "./manifest.ts";
import { objectNames, PART_NAME } from "./source.ts";

export interface Objects {
  /** Throws `OFFLINE_SOURCE` for a file that changes meanwhile, or is not what its name says. */
  put(file: FileToCarry, onBytes: OnBytes, signal: AbortSignal): Promise<StoredObject>;
  /** How many bytes of these files need not be written any more. */
  doneBytes(files: readonly FileToCarry[]): Promise<number>;
}

const Line = z.object({
  key: z.string(),
  sha256: z.string(),
  sizeBytes: z.number(),
  parts: z.array(z.object({ sha256: z.string(), sizeBytes: z.number() })).exactOptional(),
});
type Line = z.infer<typeof Line>;

export async function openObjects(out: string, splitBytes: number): Promise<Objects> {
  const journal = join(out, PART_NAME);
  const known = await readJournal(journal, out);
  return {
    async doneBytes(files) {
      const keys = await Promise.all(files.map((file) => keyOf(file, splitBytes)));
      return keys.reduce((all, key) => all + (known.get(key)?.sizeBytes ?? 0), 0);
    },
    async put(file, onBytes, signal) {
      const key = await keyOf(file, splitBytes);
      const kept = known.get(key);
      if (kept) {
        onBytes(kept.sizeBytes);
        return kept;
      }
      const temp = join(out, "objects", `part-${key.slice(0, 24)}`);
      await mkdir(dirname(temp), { recursive: true });
      const object = await copy(file, { temp, splitBytes }, { onBytes, signal });
      if ((await keyOf(file, splitBytes)) !== key) throw changed(file.from);
      if (file.sha256 !== undefined && file.sha256 !== object.sha256) {
        const why = "it is damaged: its digest is not the one in its name";
        throw new Fault("OFFLINE_SOURCE", { path: file.from, why });
      }
      await moveIn(object, temp, out);
      await append(journal, { key, ...object });
      known.set(key, object);
      return object;
    },
  };
}

/** Another file, a changed one, or another size of parts has another key. */
async function keyOf({ from }: FileToCarry, splitBytes: number): Promise<string> {
  const { size, mtimeMs, ctimeMs, ino } = await stat(from);
  const told = JSON.stringify([from, size, mtimeMs, ctimeMs, ino, `${splitBytes}`]);
  return newHash().update(told).digest("hex");
}

type Watch = { onBytes: OnBytes; signal: AbortSignal };

async function copy(
  { from, sizeBytes }: FileToCarry,
  { temp, splitBytes }: { temp: string; splitBytes: number },
  watch: Watch,
): Promise<StoredObject> {
  const whole = newHash();
  const isSplit = sizeBytes > splitBytes;
  const parts: { sha256: string; sizeBytes: number }[] = [];
  for (let start = 0; start === 0 || start < sizeBytes; start += splitBytes) {
    const stretch = { path: from, start, sizeBytes: Math.min(splitBytes, sizeBytes - start) };
    const own = isSplit ? newHash() : undefined;
    await copyPart(stretch, `${temp}.${parts.length}`, {
      ...watch,
      hashes: own ? [whole, own] : [whole],
    });
    parts.push({ sha256: own?.digest("hex") ?? "", sizeBytes: stretch.sizeBytes });
  }
  return { sha256: whole.digest("hex"), sizeBytes, ...(isSplit && { parts }) };
}

async function copyPart(
  stretch: Stretch,
  temp: string,
  { hashes, onBytes, signal }: Watch & { hashes: readonly Hash[] },
): Promise<void> {
  const kept = await open(temp, "r").catch(() => undefined); // nothing to go on from
  let sink: Awaited<ReturnType<typeof openSink>> | undefined;
  let at = 0;
  try {
    for await (const piece of readPieces(stretch, signal)) {
      for (const hash of hashes) hash.update(piece);
      if (!sink && !(kept && (await hasPiece(kept, piece, at))))
        sink = await openSink(temp, { from: at });
      await sink?.write(piece);
      at += piece.length;
      onBytes(piece.length);
    }
    if (at !== stretch.sizeBytes) throw changed(stretch.path);
    sink ??= await openSink(temp, { from: at });
    await sink.finish();
  } finally {
    await kept?.close();
    await sink?.close();
  }
}

async function hasPiece(file: Awaited<ReturnType<typeof open>>, piece: Buffer, at: number) {
  const { buffer, bytesRead } = await file.read(
    Buffer.allocUnsafe(piece.length),
    0,
    piece.length,
    at,
  );
  return bytesRead === piece.length && piece.equals(buffer);
}

async function moveIn(object: StoredObject, temp: string, out: string): Promise<void> {
  const names = objectNames(object).map((name) => join(out, name));
  const folder = dirname(names[0] ?? "");
  await mkdir(folder, { recursive: true });
  for (const [at, name] of names.entries()) await rename(`${temp}.${at}`, name);
  await syncFolder(folder);
}

async function append(journal: string, line: Line): Promise<void> {
  await appendFile(journal, `${JSON.stringify(line)}\n`, { flush: true });
}

/** What it says of files that are not there as they should be does not count. */
async function readJournal(journal: string, out: string): Promise<Map<string, StoredObject>> {
  const known = new Map<string, StoredObject>();
  const text = await readFile(journal, "utf8").catch(() => ""); // it has just begun
  for (const line of text.split("\n")) {
    const parsed = Line.safeParse(parse(line));
    if (!parsed.success) continue; // the last line of a killed run
    const { key, ...object } = parsed.data;
    if (await isThere(object, out)) known.set(key, object);
  }
  return known;
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined; // the schema refuses it
  }
}

async function isThere(object: StoredObject, out: string): Promise<boolean> {
  const sizes = object.parts ?? [object];
  for (const [at, name] of objectNames(object).entries()) {
    const found = await stat(join(out, name)).catch(() => undefined); // then it is written again
    if (found?.size !== sizes[at]?.sizeBytes) return false;
  }
  return true;
}

const changed = (path: string) =>
  new Fault("OFFLINE_SOURCE", { path, why: "it was changed while it was read" });

/** The same object without a copy: what it would be called. */
export async function digestOnly(
  { from, sizeBytes, sha256 }: FileToCarry,
  onBytes: OnBytes,
  signal: AbortSignal,
): Promise<StoredObject> {
  const found = await digest([{ path: from, start: 0, sizeBytes }], signal, onBytes);
  if (found.sizeBytes !== sizeBytes) throw changed(from);
  if (sha256 !== undefined && found.sha256 !== sha256) {
    const why = "it is damaged: its digest is not the one in its name";
    throw new Fault("OFFLINE_SOURCE", { path: from, why });
  }
  return found;
}
