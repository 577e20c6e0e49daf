/** What another bundle has more, less, or otherwise. */

import { openSigned } from "./format/verify-bundle.ts";
import type { Manifest } from "./format/manifest.ts";
import type { Change } from "./offline.ts";

export async function compare(old: string, next: string): Promise<Change[]> {
  const [before, after] = [await openSigned(old, []), await openSigned(next, [])];
  return changes(filesOf(before.manifest), filesOf(after.manifest));
}

type Files = Map<string, { id: string; path: string; sha256: string; sizeBytes: number }>;

const filesOf = ({ artefacts }: Manifest): Files =>
  new Map(
    artefacts.flatMap(({ id, files }) =>
      files.map((file) => [`${id}\n${file.path}`, { id, ...file }] as const),
    ),
  );

function changes(before: Files, after: Files): Change[] {
  const found: Change[] = [];
  for (const [key, { sha256, ...file }] of after) {
    const earlier = before.get(key);
    if (!earlier) found.push({ ...file, change: "added" });
    else if (earlier.sha256 !== sha256) found.push({ ...file, change: "changed" });
  }
  for (const [key, { sha256: _, ...file }] of before)
    if (!after.has(key)) found.push({ ...file, change: "removed" });
  return found;
}
