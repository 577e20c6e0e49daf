/** The ledger as it lies on the disk, for commands that look at it beside the gateway. */

import { open, readFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";

import type { LedgerLine } from "../protocol/api.ts";
import { olderPath, parseLines, readLedger } from "./ledger.ts";
import type { ChainFile } from "./verify-chain.ts";

export const ledgerPath = (home: string): string => join(home, "ledger.jsonl");

/** Both files as they are, the older one first; those that are there. */
export async function readChainFiles(home: string): Promise<ChainFile[]> {
  const path = ledgerPath(home);
  const files = await Promise.all(
    [olderPath(path), path].map(async (file) => ({
      name: basename(file),
      bytes: await read(file),
    })),
  );
  return files.flatMap(({ name, bytes }) => (bytes ? [{ name, bytes }] : []));
}

export async function readLastLines(home: string, limit: number): Promise<LedgerLine[]> {
  const path = ledgerPath(home);
  return [...(await readLedger(olderPath(path))), ...(await readLedger(path))].slice(-limit);
}

/** A gateway writes five times a second at most. */
const LOOK_MS = 200;

/** Each line that is written from now on. Ends with the signal's reason. */
export async function* followLedger(home: string, signal: AbortSignal): AsyncGenerator<LedgerLine> {
  const path = ledgerPath(home);
  let place = await placeNow(path);
  let rest = "";
  for (;;) {
    await pause(LOOK_MS, undefined, { signal });
    const now = await placeNow(path);
    if (now.id === place.id && now.size === place.size) continue;
    // A full file was renamed: what came to it at the end is read first.
    const isRenamed = now.id !== place.id;
    const older = isRenamed ? await readFrom(olderPath(path), place) : "";
    const text = await readFrom(path, isRenamed ? { id: now.id, size: 0 } : place);
    place = { id: now.id, size: (isRenamed ? 0 : place.size) + Buffer.byteLength(text) };
    const lines = (rest + older + text).split("\n");
    rest = lines.pop() ?? "";
    yield* parseLines(lines.join("\n"));
  }
}

type Place = { id: number; size: number };

async function placeNow(path: string): Promise<Place> {
  const file = await open(path).catch(() => undefined); // there is none before the first line
  if (!file) return { id: 0, size: 0 };
  const { ino, size } = await file.stat().finally(() => file.close());
  return { id: ino, size };
}

/** What stands behind a place, if it is still that file. */
async function readFrom(path: string, { id, size }: Place): Promise<string> {
  const file = await open(path).catch(() => undefined); // as above
  if (!file) return "";
  try {
    const { ino, size: end } = await file.stat();
    if (ino !== id || end <= size) return "";
    const { buffer, bytesRead } = await file.read(Buffer.alloc(end - size), 0, end - size, size);
    return buffer.toString("utf8", 0, bytesRead);
  } finally {
    await file.close();
  }
}

async function read(path: string): Promise<Uint8Array | undefined> {
  try {
    return await readFile(path);
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  }
}
