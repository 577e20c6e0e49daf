/** Reads a file that was found below a folder, and nothing else: no link is followed, nothing that waits is opened. */

import {
  closeSync,
  constants,
  fstatSync,
  lstatSync,
  openSync,
  readlinkSync,
  readSync,
  type Stats,
} from "node:fs";
import { join } from "node:path";

import { LeftOut } from "./read/text.ts";

const { O_RDONLY, O_NOFOLLOW, O_NONBLOCK, O_NOCTTY } = constants;

export type Content = { bytes: Buffer; stat: Stats };

/** The whole content. Throws `LeftOut`. */
export function readFile(root: string, path: string, maxBytes: number): Content {
  const file = open(join(root, path));
  try {
    const stat = fstatSync(file);
    if (!stat.isFile()) throw new LeftOut("it is no plain file");
    refuseElsewhere(file, root, path);
    // By what the system says of it: a sparse file of 2 GB is not read to find that out.
    if (stat.size > maxBytes) throw tooLarge(maxBytes);
    const bytes = readUpTo(file, stat.size);
    const after = fstatSync(file);
    if (bytes.length !== stat.size || stampOf(after) !== stampOf(stat)) {
      throw new LeftOut(CHANGING);
    }
    return { bytes, stat };
  } finally {
    closeSync(file);
  }
}

/** One that is left out for this is tried again at the next look. */
export const CHANGING = "it was changed while it was read";

/** What tells that a file is another one than before. */
export const stampOf = ({ size, mtimeMs, ctimeMs, ino }: Stats) =>
  `${size} ${mtimeMs} ${ctimeMs} ${ino}`;

function open(path: string): number {
  try {
    return openSync(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
  } catch (cause) {
    const code = cause instanceof Error && "code" in cause ? String(cause.code) : "";
    throw new LeftOut(REFUSALS[code] ?? `it cannot be opened (${code})`, { cause });
  }
}

const REFUSALS: Readonly<Record<string, string>> = {
  EACCES: "it may not be read",
  EPERM: "it may not be read",
  ELOOP: "it is a link",
  ENOENT: "it is gone, or its name is not UTF-8",
};

/** A folder on the way may have become a link since it was listed: the system says what was really opened. */
function refuseElsewhere(file: number, root: string, path: string): void {
  if (process.platform !== "linux") return;
  if (readlinkSync(`/proc/self/fd/${file}`) !== join(root, path)) {
    throw new LeftOut("it lies outside of the folder");
  }
}

function readUpTo(file: number, size: number): Buffer {
  const bytes = Buffer.alloc(size);
  let length = 0;
  while (length < size) {
    const read = readSync(file, bytes, length, size - length, null);
    if (read === 0) break;
    length += read;
  }
  return bytes.subarray(0, length);
}

const tooLarge = (bytes: number) => new LeftOut(`it is larger than ${bytes / 1024 / 1024} MB`);

/** The stamp of what stands there now; empty for nothing. */
export function stampNow(root: string, path: string): string {
  const stat = lstatSync(join(root, path), { throwIfNoEntry: false });
  return stat ? stampOf(stat) : "";
}
