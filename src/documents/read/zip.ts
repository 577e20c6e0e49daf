/**
 * The files in a ZIP archive, as far as office documents use the format (APPNOTE.TXT 6.3.10): stored or deflated,
 * no encryption, no ZIP64. What an archive says of its sizes is believed nowhere. Throws `LeftOut`.
 */

import { inflateRawSync } from "node:zlib";

import { LeftOut } from "./text.ts";

export interface Zip {
  readonly names: readonly string[];
  /** The text of one file, "" where there is none of that name. */
  text(name: string): string;
}

/** All that is unpacked of one document: the text of a very long book is 5 MB. */
const MAX_UNPACKED_BYTES = 64 * 1024 * 1024;
/** A workbook of hundreds of sheets has fewer. */
const MAX_ENTRIES = 10_000;

const END = 0x06054b50;
const ENTRY = 0x02014b50;
const END_BYTES = 22;
const ENTRY_BYTES = 46;
const LOCAL_BYTES = 30;

type Entry = { method: number; encrypted: boolean; packedBytes: number; at: number };

export function openZip(bytes: Buffer): Zip {
  const entries = readEntries(bytes);
  let left = MAX_UNPACKED_BYTES;
  return {
    names: [...entries.keys()],
    text(name) {
      const entry = entries.get(name);
      if (!entry) return "";
      const unpacked = unpack(bytes, entry, left);
      left -= unpacked.length;
      return unpacked.toString("utf8");
    },
  };
}

function readEntries(bytes: Buffer): Map<string, Entry> {
  const end = findEnd(bytes);
  const count = Math.min(bytes.readUInt16LE(end + 10), MAX_ENTRIES);
  const entries = new Map<string, Entry>();
  let at = bytes.readUInt32LE(end + 16);
  for (let i = 0; i < count; i++) {
    if (at + ENTRY_BYTES > bytes.length || bytes.readUInt32LE(at) !== ENTRY) throw damaged();
    const nameBytes = bytes.readUInt16LE(at + 28);
    const name = bytes.toString("utf8", at + ENTRY_BYTES, at + ENTRY_BYTES + nameBytes);
    entries.set(name, {
      encrypted: (bytes.readUInt16LE(at + 8) & 1) === 1,
      method: bytes.readUInt16LE(at + 10),
      packedBytes: bytes.readUInt32LE(at + 20),
      at: bytes.readUInt32LE(at + 42),
    });
    at += ENTRY_BYTES + nameBytes + bytes.readUInt16LE(at + 30) + bytes.readUInt16LE(at + 32);
  }
  return entries;
}

/** The end record stands last, before a comment of up to 64 KB. */
function findEnd(bytes: Buffer): number {
  const first = Math.max(0, bytes.length - END_BYTES - 0xffff);
  for (let at = bytes.length - END_BYTES; at >= first; at--) {
    if (bytes.readUInt32LE(at) === END) return at;
  }
  throw damaged();
}

function unpack(bytes: Buffer, entry: Entry, maxBytes: number): Buffer {
  const { at, packedBytes } = entry;
  if (entry.encrypted) throw new LeftOut("it is encrypted");
  if (at + LOCAL_BYTES > bytes.length) throw damaged();
  const from = at + LOCAL_BYTES + bytes.readUInt16LE(at + 26) + bytes.readUInt16LE(at + 28);
  const packed = bytes.subarray(from, from + packedBytes);
  if (entry.method === 0) {
    if (packed.length > maxBytes) throw tooLarge();
    return packed;
  }
  if (entry.method !== 8) throw damaged();
  try {
    return inflateRawSync(packed, { maxOutputLength: Math.max(1, maxBytes) });
  } catch (error) {
    const isBomb = error instanceof RangeError; // ERR_BUFFER_TOO_LARGE
    throw isBomb ? tooLarge() : damaged();
  }
}

const damaged = () => new LeftOut("it is damaged");
const tooLarge = () =>
  new LeftOut(`it unpacks to more than ${MAX_UNPACKED_BYTES / 1024 / 1024} MB`);
