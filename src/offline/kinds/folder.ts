/** A folder of programs as one archive, the same bytes whenever it is packed. */

import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";

import { openSink, readPieces } from "../format/digest.ts";
import { paddingOf, TAR_END, toTarHeader } from "../format/tar.ts";

export type FolderFile = { path: string; from: string; sizeBytes: number; isExecutable: boolean };

/** Regular files below a folder by `path`; links are left out, nothing of ours needs one. */
export function listFolder(
  root: string,
  below = "",
  leaveOut: (path: string) => boolean = () => false,
) {
  const files: FolderFile[] = [];
  const visit = (path: string) => {
    for (const entry of readdirSync(join(root, path), { withFileTypes: true })) {
      const own = path === "" ? entry.name : `${path}/${entry.name}`;
      if (leaveOut(own)) continue;
      if (entry.isDirectory()) visit(own);
      else if (entry.isFile()) files.push(toFolderFile(root, own));
    }
  };
  visit(below);
  return files;
}

export function toFolderFile(root: string, path: string): FolderFile {
  const from = join(root, path);
  const { size, mode } = statSync(from);
  return { path, from, sizeBytes: size, isExecutable: (mode & 0o100) !== 0 };
}

export const archiveBytes = (files: readonly FolderFile[]): number =>
  files.reduce(
    (all, { sizeBytes }) => all + 512 + sizeBytes + paddingOf(sizeBytes),
    TAR_END.length,
  );

export async function packFolder(
  files: readonly FolderFile[],
  to: string,
  signal: AbortSignal,
): Promise<void> {
  const sink = await openSink(to);
  try {
    for (const file of files.toSorted((a, b) => (a.path < b.path ? -1 : 1))) {
      await sink.write(toTarHeader(file));
      const { from, sizeBytes } = file;
      for await (const piece of readPieces({ path: from, start: 0, sizeBytes }, signal))
        await sink.write(piece);
      if (paddingOf(sizeBytes) > 0) await sink.write(Buffer.alloc(paddingOf(sizeBytes)));
    }
    await sink.write(TAR_END);
    await sink.finish();
  } finally {
    await sink.close();
  }
}
