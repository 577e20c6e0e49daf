import type { FileHandle } from "node:fs/promises";

/**
 * The one folder an agent may write. Paths come from a model: each component is opened without
 * following links, relative to the one before, so that a parent swapped in between leads nowhere.
 * All methods throw `PATH_OUTSIDE_WORKSPACE` for a path that leaves, `PATH_INVALID` for one that no file
 * can have, `PATH_NOT_FILE` for anything that is no regular file (link, FIFO, device, socket, folder),
 * `PATH_MISSING` where there is nothing, `PATH_DENIED` where the system refuses, `FILE_TOO_LARGE`.
 */
export interface Workspace {
  /** The real path of the folder, for the sandbox and for people. */
  readonly root: string;
  /** Opens a regular file for reading, without blocking. The caller closes it. */
  open(path: string): Promise<FileHandle>;
  /** Replaces or makes a file, whole or not at all (written aside, synced, renamed). Makes parent folders. */
  write(path: string, content: Uint8Array): Promise<{ created: boolean }>;
  /** Walks files below a folder, in byte order of their paths, links not followed, `.git` and the like left out. */
  walk(
    path: string,
    signal: AbortSignal,
  ): AsyncIterable<{ path: string; sizeBytes: number; folder: boolean }>;
  /** SHA-256 of a file's content in hex, or "absent". */
  digest(path: string): Promise<string>;
}
