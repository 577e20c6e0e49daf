/** Reads, digests and copies files of any size: large pieces, the next one read while the last is digested. */

import { createHash, type Hash } from "node:crypto";
import { constants } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";

/** Large enough that the calls cost nothing, small enough to stay in a processor's cache. */
const PIECE_BYTES = 4 * 1024 * 1024;

/** Where bytes come from: a file, or a stretch of one. */
export type Stretch = { path: string; start: number; sizeBytes: number };

/** Told after each piece, with how many bytes it had. */
export type OnBytes = (bytes: number) => void;

/**
 * The pieces of a stretch, in order; shorter in all where the file ends early. Links are not followed. A piece holds
 * until the next one is asked for.
 */
export async function* readPieces(
  { path, start, sizeBytes }: Stretch,
  signal: AbortSignal,
): AsyncGenerator<Buffer> {
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const end = start + sizeBytes;
    // A program is thousands of small files: memory for the largest piece would cost more than reading them.
    const room = (left: number) => Buffer.allocUnsafe(Math.max(0, Math.min(PIECE_BYTES, left)));
    let current = room(sizeBytes);
    let next = room(sizeBytes - PIECE_BYTES);
    const fill = (buffer: Buffer, at: number) =>
      file.read(buffer, 0, Math.min(buffer.length, end - at), at);
    let reading = fill(current, start);
    for (let at = start; at < end;) {
      const { bytesRead } = await reading;
      if (bytesRead === 0) return;
      at += bytesRead;
      if (at < end) {
        if (next.length < Math.min(PIECE_BYTES, end - at)) next = room(end - at); // the last read was short
        reading = fill(next, at);
      }
      reading.catch(() => undefined); // thrown when it is awaited, unless nobody asks for it any more
      signal.throwIfAborted();
      yield current.subarray(0, bytesRead);
      [current, next] = [next, current];
    }
  } finally {
    await file.close();
  }
}

export type Digested = { sha256: string; sizeBytes: number };

/** Of what is there; the caller compares the size. */
export async function digest(
  stretches: readonly Stretch[],
  signal: AbortSignal,
  onBytes: OnBytes = () => {},
): Promise<Digested> {
  const hash = createHash("sha256");
  let sizeBytes = 0;
  for (const stretch of stretches) {
    for await (const piece of readPieces(stretch, signal)) {
      hash.update(piece);
      sizeBytes += piece.length;
      onBytes(piece.length);
    }
  }
  return { sha256: hash.digest("hex"), sizeBytes };
}

/** A file that is written from its beginning; zeros become holes where the file system has them. */
export interface Sink {
  write(piece: Buffer): Promise<void>;
  /** All of it is on the disk when this resolves. */
  finish(): Promise<void>;
  /** May be called after `finish`, and twice. */
  close(): Promise<void>;
}

export async function openSink(path: string, { from = 0, mode = 0o600 } = {}): Promise<Sink> {
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_NOFOLLOW;
  const file = await open(path, from === 0 ? flags | constants.O_TRUNC : flags, mode);
  if (from > 0) await file.truncate(from);
  let at = from;
  let closed: Promise<void> | undefined;
  return {
    async write(piece) {
      if (!isZero(piece)) await writeAll(file, piece, at);
      at += piece.length;
    },
    async finish() {
      await file.truncate(at);
      await file.sync();
    },
    close: () => (closed ??= file.close()),
  };
}

const ZEROS = Buffer.alloc(PIECE_BYTES);
/** The first bytes tell almost always, and memcmp the rest. */
const isZero = (piece: Buffer) => piece[0] === 0 && piece.equals(ZEROS.subarray(0, piece.length));

async function writeAll(file: FileHandle, piece: Buffer, at: number): Promise<void> {
  for (let done = 0; done < piece.length;) {
    const { bytesWritten } = await file.write(piece, done, piece.length - done, at + done);
    done += bytesWritten;
  }
}

export const newHash = (): Hash => createHash("sha256");

/** What was renamed into a folder is only there after a power cut once the folder is. */
export async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, constants.O_RDONLY);
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
