/** Brings what is known of a folder up to date: only what changed is read, and what is gone is forgotten. */

import { createHash } from "node:crypto";

import { Fault } from "../base/fault.ts";
import type { DocumentIndex, FileRow, PassageRow } from "../store/document-index.ts";
import type { FolderJob, IndexResult, Progress } from "./letters.ts";
import { CHANGING, readFile, stampOf } from "./open-file.ts";
import { toPassages } from "./passages.ts";
import { kindOf, maxBytesOf, readDocument } from "./read/document.ts";
import { LeftOut } from "./read/text.ts";
import { type Found, walk, type Walked } from "./walk.ts";

export type IndexDeps = {
  index: DocumentIndex;
  now: () => number;
  isStopped: () => boolean;
  /** Called before each file that is read, and again as it gets on. */
  onReading: (path: string) => void;
  onProgress: (progress: Progress) => void;
};

/** Files of one commit: a stop or a crash loses no more. */
const BATCH_FILES = 64;
/** A file written less than this ago may be written again within the same tick of its clock. */
const SETTLED_MS = 2_000;

/** Throws `DOCUMENTS_MISSING` where the folder is not there: what is known of it is kept. */
export async function indexFolder(
  folder: FolderJob,
  keepOut: readonly string[],
  deps: IndexDeps,
): Promise<IndexResult> {
  const { index, isStopped, now } = deps;
  const walked = walkOrRefuse(folder, keepOut, isStopped);
  const known = index.stamps(folder.id);
  const result = { added: 0, changed: 0, removed: 0, unchanged: 0, leftOut: 0 };
  const stopped = () => ({ ...result, stopped: true, isCut: walked.isCut });
  if (isStopped()) return stopped();
  const gone = goneFrom(known, walked);
  const due = walked.files.filter(({ path, stat }) => known.get(path)?.stamp !== stampOf(stat));
  result.removed = gone.length;
  result.unchanged = walked.files.length - due.length;
  // Where nothing changed, a look that is cut short leaves the folder as whole as it was.
  if (gone.length + due.length > 0) {
    index.transact(() => {
      index.setIndexed(folder.id, null);
      for (const id of gone) index.removeFile(id);
    });
  }
  for (let from = 0; from < due.length; from += BATCH_FILES) {
    const doneFiles = result.unchanged + from;
    deps.onProgress({ doneFiles, totalFiles: walked.files.length });
    const read: ReadFile[] = [];
    for (const found of due.slice(from, from + BATCH_FILES)) {
      if (isStopped()) break;
      read.push(await readOne(folder, found, deps));
    }
    index.transact(() => read.forEach((file) => keep(file, known, { index, result })));
    if (isStopped()) return stopped();
  }
  deps.onProgress({ doneFiles: walked.files.length, totalFiles: walked.files.length });
  index.setIndexed(folder.id, now());
  return { ...result, stopped: false, isCut: walked.isCut };
}

function walkOrRefuse(folder: FolderJob, keepOut: readonly string[], isStopped: () => boolean) {
  try {
    return walk(folder.path, keepOut, isStopped);
  } catch (cause) {
    const detail = cause instanceof Error ? cause.message : String(cause);
    throw new Fault("DOCUMENTS_MISSING", { path: folder.path, detail }, { cause });
  }
}

type Known = ReturnType<DocumentIndex["stamps"]>;

/** What was there and is not any more. Of a folder that cannot be looked into nothing is known to be gone. */
function goneFrom(known: Known, { files, closed, isCut }: Walked): number[] {
  if (isCut) return [];
  const there = new Set(files.map(({ path }) => path));
  return Array.from(known).flatMap(([path, { id }]) => {
    const isHidden = closed.some((folder) => path.startsWith(`${folder}/`));
    return there.has(path) || isHidden ? [] : [id];
  });
}

type ReadFile = { row: FileRow; passages: readonly PassageRow[] };

async function readOne(
  { id, path: root }: FolderJob,
  { path, stat }: Found,
  { onReading, now }: IndexDeps,
): Promise<ReadFile> {
  const kind = kindOf(path) ?? "text";
  const row: FileRow = {
    folder: id,
    path,
    shown: showName(path),
    stamp: stampOf(stat),
    hash: "",
    kind,
    sizeBytes: stat.size,
    lineCount: 0,
  };
  onReading(path);
  try {
    const content = readFile(root, path, maxBytesOf(kind));
    const { bytes } = content;
    row.hash = createHash("sha256").update(bytes).digest("hex");
    row.stamp = stampAt(content.stat, now());
    const text = await readDocument(bytes, { name: path, kind, onPage: () => onReading(path) });
    row.lineCount = text.lines.length;
    return { row, passages: toPassages(text, path) };
  } catch (error) {
    if (!(error instanceof LeftOut)) throw error;
    if (error.message === CHANGING) row.stamp = "";
    return { row: { ...row, why: error.message }, passages: [] };
  }
}

/** Empty where the file is so new that a later change might leave the same stamp. */
const stampAt = (stat: Found["stat"], now: number) =>
  now - Math.max(stat.mtimeMs, stat.ctimeMs) < SETTLED_MS ? "" : stampOf(stat);

function keep(
  { row, passages }: ReadFile,
  known: Known,
  { index, result }: { index: DocumentIndex; result: Omit<IndexResult, "stopped" | "isCut"> },
): void {
  const before = known.get(row.path);
  if (before && before.hash !== "" && before.hash === row.hash) {
    index.touch(before.id, row.stamp);
    result.unchanged += 1;
    return;
  }
  index.put(row, passages);
  if (row.why !== undefined) result.leftOut += 1;
  else if (before) result.changed += 1;
  else result.added += 1;
}

/** A name with a line break in it must not look like two, nor turn round what stands beside it. */
export const showName = (path: string): string =>
  path.replaceAll(/[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]/gu, "\ufffd");
