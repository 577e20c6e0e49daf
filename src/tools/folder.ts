/**
 * Folders and files opened name by name, each relative to the folder before it, no link followed.
 *
 * On Linux a name is opened as `/proc/self/fd/N/name`: whatever happens to the folder's path in between,
 * N is the folder that was opened. Elsewhere Node has nothing like it, and names are opened by their
 * path: links are refused as well, but somebody who swaps a parent at the right moment is not.
 */

import { constants, type Stats } from "node:fs";
import { type FileHandle, lstat, open } from "node:fs/promises";
import { join } from "node:path";

import { Fault } from "../base/fault.ts";
import { showPath } from "./path.ts";

const { O_RDONLY, O_DIRECTORY, O_NOFOLLOW, O_NONBLOCK, O_NOCTTY } = constants;

const isLinux = process.platform === "linux";

/** Opens the thing itself and does nothing with it: a device is not woken, a FIFO does not wait. */
const O_PATH = 0o10000000; // of `fcntl.h`; `node:fs` has no name for it

/** Larger files are for programs: a model reads a part, and an edit holds the whole in memory. */
export const MAX_FILE_BYTES = 16 * 1024 * 1024;

export type Folder = {
  handle: FileHandle;
  /** The real path of the workspace. */
  root: string;
  /** The folder's path below it; "" for the workspace itself. */
  below: string;
};

/** Where a name in the folder is opened. */
export const at = ({ handle, root, below }: Folder, name: string) =>
  isLinux ? `/proc/self/fd/${handle.fd}/${name}` : join(root, below, name);

/** The folder itself, to list it. */
export const itself = ({ handle, root, below }: Folder) =>
  isLinux ? `/proc/self/fd/${handle.fd}` : join(root, below);

export async function openRoot(root: string): Promise<Folder> {
  return { handle: await open(root, O_RDONLY | O_DIRECTORY | O_NOFOLLOW), root, below: "" };
}

/** Opens a folder in a folder. The caller closes it. */
export async function openChild(folder: Folder, name: string): Promise<Folder> {
  try {
    const handle = await open(at(folder, name), O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
    return { handle, root: folder.root, below: join(folder.below, name) };
  } catch (error) {
    throw await explain(error, folder, name);
  }
}

/** Opens a regular file for reading; anything else is refused before it is touched. */
export async function openFile(folder: Folder, name: string): Promise<FileHandle> {
  const path = join(folder.below, name);
  try {
    if (!isLinux) {
      return await regular(await open(at(folder, name), O_RDONLY | O_NOFOLLOW | O_NONBLOCK), path);
    }
    await using thing = await open(at(folder, name), O_PATH | O_NOFOLLOW);
    refuseOthers(await thing.stat(), path);
    // The very thing that was looked at, whatever has that name by now.
    const self = `/proc/self/fd/${thing.fd}`;
    return await regular(await open(self, O_RDONLY | O_NONBLOCK | O_NOCTTY), path);
  } catch (error) {
    throw await explain(error, folder, name);
  }
}

/** The whole of a file. Throws `FILE_TOO_LARGE`, also when it grows while it is read. */
export async function readWhole(file: FileHandle, path: string): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of chunksOf(file, path)) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** The same, piece by piece: of dozens of files at once not one is held. */
export async function* chunksOf(file: FileHandle, path: string): AsyncGenerator<Buffer> {
  for (let length = 0; ;) {
    const { bytesRead, buffer } = await file.read({ buffer: Buffer.allocUnsafe(READ_BYTES) });
    if (bytesRead === 0) return;
    length += bytesRead;
    if (length > MAX_FILE_BYTES) throw tooLarge(path);
    yield buffer.subarray(0, bytesRead);
  }
}

const READ_BYTES = 64 * 1024;

/** What stands under a name, not following links; undefined for nothing. */
export async function look(folder: Folder, name: string): Promise<Stats | undefined> {
  try {
    return await lstat(at(folder, name));
  } catch (error) {
    if (codeOf(error) === "ENOENT") return undefined;
    throw await explain(error, folder, name);
  }
}

/** Throws for anything but a regular file. */
export function refuseOthers(stat: Stats, path: string): void {
  if (!stat.isFile()) {
    throw new Fault("PATH_NOT_FILE", { path: showPath(path), kind: kindOf(stat) });
  }
}

/** A failure of the system as a fault that names the path below the workspace. */
export async function explain(error: unknown, folder: Folder, name: string): Promise<unknown> {
  const code = codeOf(error);
  const path = showPath(join(folder.below, name));
  if (code === "ENOENT") return new Fault("PATH_MISSING", { path }, { cause: error });
  if (code === "ENOTDIR" || code === "ELOOP" || code === "ENXIO" || code === "EISDIR") {
    const stat = await lstat(at(folder, name)).catch(() => undefined); // gone: it is missing
    if (!stat || stat.isFile()) return new Fault("PATH_MISSING", { path }, { cause: error });
    return new Fault("PATH_NOT_FILE", { path, kind: kindOf(stat) }, { cause: error });
  }
  if (code !== undefined && REFUSALS[code]) {
    return new Fault("PATH_DENIED", { path, detail: REFUSALS[code] }, { cause: error });
  }
  return error;
}

const REFUSALS: Partial<Record<string, string>> = {
  EACCES: "permission denied",
  EPERM: "operation not permitted",
  EROFS: "read-only file system",
  ENOSPC: "the disk is full",
  EDQUOT: "the disk quota is used up",
  ETXTBSY: "the file is a running program",
};

async function regular(handle: FileHandle, path: string): Promise<FileHandle> {
  try {
    const stat = await handle.stat();
    refuseOthers(stat, path);
    if (stat.size > MAX_FILE_BYTES) throw tooLarge(path);
    return handle;
  } catch (error) {
    await handle.close();
    throw error;
  }
}

export const tooLarge = (path: string) =>
  new Fault("FILE_TOO_LARGE", { path: showPath(path), limitMb: MAX_FILE_BYTES / 1024 / 1024 });

function kindOf(stat: Stats): string {
  if (stat.isDirectory()) return "a folder";
  if (stat.isSymbolicLink()) return "a link, and links are not followed";
  if (stat.isFIFO()) return "a pipe";
  return stat.isSocket() ? "a socket" : "a device";
}

/** The system's name for what went wrong. */
export const codeOf = (error: unknown) =>
  error instanceof Error && "code" in error ? String(error.code) : undefined;
