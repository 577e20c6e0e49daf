/** The workspace as a folder of this machine. */

import { createHash, randomBytes } from "node:crypto";
import { type Dirent, lstatSync } from "node:fs";
import { type FileHandle, mkdir, open, opendir, realpath, rename, unlink } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";

import { Fault } from "../base/fault.ts";
import {
  at,
  chunksOf,
  codeOf,
  explain,
  type Folder,
  itself,
  look,
  MAX_FILE_BYTES,
  openChild,
  openFile,
  openRoot,
  refuseOthers,
  tooLarge,
} from "./folder.ts";
import { parsePath, showPath } from "./path.ts";
import type { Workspace } from "./workspace.ts";

/** What tools of other programs keep there; nobody looks for their own files in these. */
const LEFT_OUT = new Set([".git", ".hg", ".svn", "node_modules", "__pycache__", ".venv"]);

/** A file being written stands under such a name. A crash leaves it behind; nobody is shown it. */
const ASIDE = ".isopod-";

/** A folder nested deeper is nobody's work, and each level holds a descriptor open. */
const MAX_DEPTH = 32;

/** Names of one folder that are held to be sorted; some 20 MB. */
const MAX_NAMES = 100_000;

/**
 * Makes the folder where there is none. `keepOut` are state, config and socket folders. Throws
 * `WORKSPACE_OVERLAPS` where one of them lies in it or it in one of them (but as its child
 * `workspace`, which is the default), and `WORKSPACE_READONLY`.
 */
export async function createWorkspace(
  folder: string,
  keepOut: readonly string[] = [],
): Promise<Workspace> {
  const root = await makeRoot(folder);
  const kept = await Promise.all(keepOut.map(realpathOf));
  const overlap = findOverlap(root, kept);
  if (overlap !== undefined)
    throw new Fault("WORKSPACE_OVERLAPS", { workspace: root, folder: overlap });
  await refuseUnwritable(root);

  return {
    root,
    open: (path) => openPath(root, path),
    write: (path, content) => writePath(root, path, content),
    walk: (path, signal) => walkPath(root, path, signal),
    digest: (path) => digestPath(root, path),
  };
}

/** The first folder that lies in `root`, is it, or holds it. Takes real paths; pure. */
export function findOverlap(root: string, keepOut: readonly string[]): string | undefined {
  return keepOut.find((folder) => {
    if (root === join(folder, "workspace")) return false;
    return (
      `${root}/`.startsWith(`${folder}/`) || `${folder}/`.startsWith(`${root}/`) || root === "/"
    );
  });
}

async function makeRoot(folder: string): Promise<string> {
  try {
    await makeFolders(resolve(folder));
    return await realpath(folder);
  } catch (cause) {
    throw unwritable(folder, cause);
  }
}

/** Node's own `recursive` never returns where a parent exists and refuses children, as /proc does. */
async function makeFolders(path: string, parentsTried = false): Promise<void> {
  try {
    await mkdir(path, { mode: 0o700 });
  } catch (error) {
    if (codeOf(error) === "EEXIST") return;
    if (codeOf(error) !== "ENOENT" || parentsTried) throw error;
    await makeFolders(dirname(path));
    await makeFolders(path, true);
  }
}

/** A folder that is not there yet can still be made: its nearest parent says where it will be. */
async function realpathOf(path: string): Promise<string> {
  try {
    return await realpath(path);
  } catch {
    const parent = dirname(path);
    return parent === path ? path : join(await realpathOf(parent), path.slice(parent.length));
  }
}

/** Tries it: modes do not tell of read-only mounts, quotas and network folders. */
async function refuseUnwritable(root: string): Promise<void> {
  try {
    const folder = await openRoot(root);
    await using _ = folder.handle;
    const name = asideName();
    await (await open(at(folder, name), "wx")).close();
    await unlink(at(folder, name));
  } catch (cause) {
    throw unwritable(root, cause);
  }
}

const unwritable = (workspace: string, cause: unknown) =>
  new Fault(
    "WORKSPACE_READONLY",
    { workspace, detail: cause instanceof Error ? cause.message : String(cause) },
    { cause },
  );

const asideName = () => `${ASIDE}${randomBytes(8).toString("hex")}`;

async function openPath(root: string, path: string): Promise<FileHandle> {
  refuseMissing(root, path);
  const { folder, name } = await openParent(root, path, false);
  await using _ = folder.handle;
  return await openFile(folder, name);
}

/**
 * Most workspaces have no notes, and every new conversation asks for them. Told at once: to fail by a thread
 * takes 0.2 ms of processor, to look takes 5 µs. Only for what lies directly in the workspace, so that no
 * link is followed on the way.
 */
function refuseMissing(root: string, path: string): void {
  const [name, ...more] = parsePath(path, root);
  if (name === undefined || more.length > 0) return;
  const isThere = lstatSync(join(root, name), { throwIfNoEntry: false }) !== undefined;
  if (!isThere) throw new Fault("PATH_MISSING", { path: showPath(name) });
}

/** Walks down to the folder that holds the file. With `make`, folders that are missing are made. */
async function openParent(
  root: string,
  path: string,
  make: boolean,
): Promise<{ folder: Folder; name: string }> {
  const names = parsePath(path, root);
  const name = names.pop();
  if (name === undefined)
    throw new Fault("PATH_NOT_FILE", { path: showPath(path), kind: "a folder" });
  return { folder: await descend(root, names, make), name };
}

async function descend(root: string, names: readonly string[], make: boolean): Promise<Folder> {
  let folder = await openRoot(root);
  for (const name of names) {
    await using parent = folder.handle;
    const made = make && (await makeChild(folder, name));
    folder = await openChild(folder, name);
    if (made) await giveTo(folder.handle, await parent.stat());
  }
  return folder;
}

/** False where something of that name stands already. */
async function makeChild(folder: Folder, name: string): Promise<boolean> {
  try {
    await mkdir(at(folder, name));
    return true;
  } catch (error) {
    if (codeOf(error) === "EEXIST") return false;
    throw await explain(error, folder, name);
  }
}

async function writePath(
  root: string,
  path: string,
  content: Uint8Array,
): Promise<{ created: boolean }> {
  if (content.length > MAX_FILE_BYTES) throw tooLarge(path);
  const { folder, name } = await openParent(root, path, true);
  await using parent = folder.handle;
  const old = await look(folder, name);
  if (old) refuseOthers(old, path);
  if (old && (old.mode & 0o200) === 0) {
    throw new Fault("PATH_DENIED", { path: showPath(path), detail: "the file is read-only" });
  }
  const aside = asideName();
  try {
    await using file = await open(at(folder, aside), "wx", old ? 0o600 : 0o666);
    await giveTo(file, old ?? (await parent.stat()));
    if (old) await file.chmod(old.mode & 0o777);
    await file.writeFile(content);
    await file.sync();
    await rename(at(folder, aside), at(folder, name));
    await parent.sync();
  } catch (error) {
    await unlink(at(folder, aside)).catch(() => {}); // it was never made, or is renamed already
    throw await explain(error, folder, name);
  }
  return { created: !old };
}

/** What a gateway as root makes belongs to whom the folder belongs, and keeps its owner when replaced. */
async function giveTo(handle: FileHandle, { uid, gid }: { uid: number; gid: number }) {
  if (process.getuid?.() === 0) await handle.chown(uid, gid);
}

type Found = { path: string; sizeBytes: number; folder: boolean };

async function* walkPath(root: string, path: string, signal: AbortSignal): AsyncGenerator<Found> {
  const names = parsePath(path, root);
  yield* walkFolder(await descend(root, names, false), names, signal);
}

async function* walkFolder(
  folder: Folder,
  above: readonly string[],
  signal: AbortSignal,
): AsyncGenerator<Found> {
  await using _ = folder.handle;
  if (above.length > MAX_DEPTH) return;
  for (const entry of await listFolder(folder)) {
    signal.throwIfAborted();
    const names = [...above, entry.name];
    const found = { path: names.join("/"), sizeBytes: 0, folder: entry.isDirectory() };
    if (!found.folder) {
      const stat = await look(folder, entry.name).catch(skipGone);
      if (stat?.isFile()) yield { ...found, sizeBytes: stat.size };
      continue;
    }
    yield found;
    const child = await openChild(folder, entry.name).catch(skipGone);
    if (child) yield* walkFolder(child, names, signal);
  }
}

/** Folders and files of a folder in byte order of their paths: "a-b" stands before "a/c". */
async function listFolder(folder: Folder): Promise<Dirent[]> {
  const entries: Dirent[] = [];
  for await (const entry of await opendir(itself(folder))) {
    const wanted = entry.isDirectory() ? !LEFT_OUT.has(entry.name) : entry.isFile();
    if (wanted && !entry.name.startsWith(ASIDE)) entries.push(entry);
    if (entries.length === MAX_NAMES) break;
  }
  const key = (entry: Dirent) => Buffer.from(entry.isDirectory() ? `${entry.name}/` : entry.name);
  return entries
    .map((entry) => ({ entry, key: key(entry) }))
    .sort((a, b) => Buffer.compare(a.key, b.key))
    .map(({ entry }) => entry);
}

/** Something that vanished or may not be read while the folder is walked is not there. */
function skipGone(error: unknown): undefined {
  if (!(error instanceof Fault)) throw error;
}

async function digestPath(root: string, path: string): Promise<string> {
  try {
    await using file = await openPath(root, path);
    const hash = createHash("sha256");
    for await (const chunk of chunksOf(file, path)) hash.update(chunk);
    return hash.digest("hex");
  } catch (error) {
    if (error instanceof Fault && error.code === "PATH_MISSING") return "absent";
    throw error;
  }
}
