/**
 * Plain tar archives (POSIX ustar, and GNU's sizes above 8 GiB): regular files only. What else an archive may hold,
 * such as links, devices and folders of others, is refused when it is read. Any `tar` unpacks what is written here.
 */

import { constants } from "node:fs";
import { type FileHandle, open, stat } from "node:fs/promises";

import { Fault } from "../../base/fault.ts";
import type { Stretch } from "./digest.ts";
import { checkPath, toPlainPath } from "./path.ts";

export const BLOCK = 512;
const NAME_BYTES = 100;
const PREFIX_BYTES = 155;
const MAX_OCTAL_SIZE = 8 ** 11;
/** Our program with all its packages has some 5,000. */
const MAX_ENTRIES = 200_000;

export type TarFile = { path: string; sizeBytes: number; isExecutable: boolean };
export type TarEntry = TarFile & { content: Stretch };

/** The same for the same file, on any day and any machine. Throws `BUNDLE_UNSAFE` for a path that does not fit. */
export function toTarHeader({ path, sizeBytes, isExecutable }: TarFile): Buffer {
  const block = Buffer.alloc(BLOCK);
  const { prefix, name } = splitPath(path);
  const octal = (value: number, length: number) => value.toString(8).padStart(length, "0");
  block.write(name, 0);
  block.write(octal(isExecutable ? 0o755 : 0o644, 7), 100);
  block.write(octal(0, 7), 108);
  block.write(octal(0, 7), 116);
  if (sizeBytes < MAX_OCTAL_SIZE) block.write(octal(sizeBytes, 11), 124);
  else writeLargeSize(block, sizeBytes);
  block.write(octal(0, 11), 136);
  block.write("        0ustar\u000000", 148);
  block.write(prefix, 345);
  const sum = block.reduce((all, byte) => all + byte, 0);
  block.write(`${octal(sum, 6)}\u0000 `, 148);
  return block;
}

/** GNU's way: the first bit says that a binary number follows. */
function writeLargeSize(block: Buffer, sizeBytes: number): void {
  block.writeUInt8(0x80, 124);
  block.writeUIntBE(sizeBytes, 130, 6);
}

export const paddingOf = (sizeBytes: number) => (BLOCK - (sizeBytes % BLOCK)) % BLOCK;

/** Two empty blocks. */
export const TAR_END = Buffer.alloc(2 * BLOCK);

function splitPath(path: string): { prefix: string; name: string } {
  if (Buffer.byteLength(path) <= NAME_BYTES) return { prefix: "", name: path };
  for (let at = path.indexOf("/"); at > 0; at = path.indexOf("/", at + 1)) {
    const [prefix, name] = [path.slice(0, at), path.slice(at + 1)];
    if (Buffer.byteLength(prefix) <= PREFIX_BYTES && Buffer.byteLength(name) <= NAME_BYTES)
      return { prefix, name };
  }
  throw new Fault("BUNDLE_UNSAFE", { what: path, why: "it is too long" });
}

/**
 * What is in an archive, without its contents. Throws `BUNDLE_UNSAFE` for anything but regular files under plain
 * names, `BUNDLE_CORRUPT` for what is no archive or ends early.
 */
export async function readTar(path: string): Promise<TarEntry[]> {
  const { size } = await stat(path);
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const entries: TarEntry[] = [];
    const seen = new Set<string>();
    for (let at = 0; ;) {
      const header = await readBlock(file, at, path);
      if (header.every((byte) => byte === 0)) return entries;
      const entry = parseHeader(header, path);
      const plain = toPlainPath(entry.path);
      if (seen.has(plain))
        throw new Fault("BUNDLE_UNSAFE", { what: entry.path, why: "it is there twice" });
      if (seen.size >= MAX_ENTRIES)
        throw new Fault("BUNDLE_UNSAFE", { what: path, why: "it has files without end" });
      seen.add(plain);
      const start = at + BLOCK;
      at = start + entry.sizeBytes + paddingOf(entry.sizeBytes);
      if (at > size) throw corrupt(path, `"${entry.path}" ends early`);
      entries.push({ ...entry, content: { path, start, sizeBytes: entry.sizeBytes } });
    }
  } finally {
    await file.close();
  }
}

async function readBlock(file: FileHandle, at: number, path: string): Promise<Buffer> {
  const { buffer, bytesRead } = await file.read(Buffer.alloc(BLOCK), 0, BLOCK, at);
  if (bytesRead < BLOCK) throw corrupt(path, "it ends early");
  return buffer;
}

function parseHeader(block: Buffer, archive: string): TarFile {
  const text = (start: number, length: number) =>
    block.toString("utf8", start, start + length).replace(/\0[^]*$/, "");
  const number = (start: number, length: number) => {
    const digits = text(start, length).trim();
    return /^[0-7]+$/.test(digits) ? Number.parseInt(digits, 8) : Number.NaN;
  };
  const sum = block.reduce((all, byte, at) => all + (at >= 148 && at < 156 ? 32 : byte), 0);
  if (sum !== number(148, 8)) throw corrupt(archive, "it is no tar archive");
  const prefix = text(345, PREFIX_BYTES);
  const path = prefix === "" ? text(0, NAME_BYTES) : `${prefix}/${text(0, NAME_BYTES)}`;
  checkPath(path);
  const type = block[156];
  if (type !== 0x30 && type !== 0) {
    const why = type === 0x31 || type === 0x32 ? "it is a link" : "it is no regular file";
    throw new Fault("BUNDLE_UNSAFE", { what: path, why });
  }
  const sizeBytes = block[124] === 0x80 ? block.readUIntBE(130, 6) : number(124, 12);
  if (!Number.isSafeInteger(sizeBytes)) throw corrupt(archive, `"${path}" has no size`);
  return { path, sizeBytes, isExecutable: (number(100, 8) & 0o100) !== 0 };
}

const corrupt = (what: string, detail: string) => new Fault("BUNDLE_CORRUPT", { what, detail });
