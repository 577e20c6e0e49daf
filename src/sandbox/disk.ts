/**
 * The room on the disk of the workspace, sampled while a command runs. No limit of the kernel counts what many
 * files take together, and a full disk takes the store and everybody else's work along.
 */

import { statfs } from "node:fs/promises";

export type Room = { freeBytes: number; totalBytes: number };

/** A disk that is written at 3 GB a second loses 600 MB between two looks, which the floor has room for. */
const INTERVAL_MS = 200;

/** What is left to the rest of the machine, of a small disk a twentieth. */
const FLOOR_BYTES = 1024 ** 3;
const FLOOR_SHARE = 1 / 20;

/** Undefined where the system does not tell: then nothing is judged. */
export async function readRoom(folder: string): Promise<Room | undefined> {
  try {
    const { bavail, blocks, bsize } = await statfs(folder);
    return { freeBytes: bavail * bsize, totalBytes: blocks * bsize };
  } catch {
    return undefined; // a workspace that is gone is told by who starts there
  }
}

/** Whether so little is left that a command must not write any more. Pure. */
export const isFull = (room: Room | undefined): boolean =>
  room !== undefined && room.freeBytes < Math.min(FLOOR_BYTES, room.totalBytes * FLOOR_SHARE);

/** Calls `exceeded` once when the disk is nearly full. Ends with the signal. */
export function watchDisk(
  { look, exceeded }: { look: () => Promise<Room | undefined>; exceeded: () => void },
  signal: AbortSignal,
): void {
  const again = async () => {
    const full = isFull(await look());
    if (signal.aborted) return;
    if (full) exceeded();
    else timer = setTimeout(() => void again(), INTERVAL_MS).unref();
  };
  let timer = setTimeout(() => void again(), INTERVAL_MS).unref();
  signal.addEventListener("abort", () => clearTimeout(timer), { once: true });
}
