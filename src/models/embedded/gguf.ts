/**
 * Reads GGUF version 3: metadata, and tensors of F32, F16 and Q8_0 as 32-bit floats.
 * https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
 *
 * A file may be damaged or hostile. Every length is checked against the bytes that are there before
 * anything is allocated, so what a file can make us allocate is bounded by its own size.
 */

import { Damage, damaged } from "./damage.ts";

export type GgufValue = string | number | boolean | readonly GgufValue[];

export interface Gguf {
  /** A whole number between `min` and `max`. Throws `Damage` for anything else. */
  integer(key: string, min: number, max: number): number;
  /** A finite number above zero. Throws `Damage` for anything else. */
  positive(key: string): number;
  text(key: string): string;
  texts(key: string): readonly string[];
  integers(key: string): readonly number[];
  hasTensor(name: string): boolean;
  /** A copy as floats, row after row. Throws `Damage` unless it has just these dimensions, fastest first. */
  tensor(name: string, dimensions: readonly number[]): Float32Array;
}

type TensorEntry = { dimensions: number[]; type: number; offset: number; sizeBytes: number };

const MAGIC = 0x46554747; // "GGUF"
const MAX_ARRAY = 1_000_000; // the largest vocabularies have 260,000 tokens
const MAX_TENSORS = 10_000; // a model of 70 billion parameters has 723
const MAX_KEYS = 10_000; // real files have 20 to 60

/** Throws `Damage`. Keeps `bytes`, and copies a tensor when it is asked for. */
export function readGguf(bytes: Uint8Array): Gguf {
  const cursor = createCursor(bytes);
  if (cursor.u32() !== MAGIC) damaged("it is not a GGUF file");
  const version = cursor.u32();
  if (version !== 3) damaged(`it is GGUF version ${version}, and only version 3 is read`);
  const tensorCount = cursor.count(MAX_TENSORS);
  const keyCount = cursor.count(MAX_KEYS);
  const metadata = readMetadata(cursor, keyCount);
  const tensors = readTensorEntries(cursor, tensorCount);
  const alignment = metadata.get("general.alignment") ?? 32;
  if (typeof alignment !== "number" || ![8, 16, 32, 64, 128, 256].includes(alignment)) {
    return damaged(`its alignment is ${String(alignment)}`);
  }
  const start = Math.ceil(cursor.position() / alignment) * alignment;
  checkExtents(tensors, bytes.length - start);
  return {
    ...createAccessors(metadata),
    hasTensor: (name) => tensors.has(name),
    tensor(name, dimensions) {
      const entry = tensors.get(name) ?? damaged(`it has no tensor "${name}"`);
      if (entry.dimensions.join() !== dimensions.join()) {
        damaged(`"${name}" is ${entry.dimensions.join("×")}, and must be ${dimensions.join("×")}`);
      }
      return toFloats(bytes.subarray(start + entry.offset), entry);
    },
  };
}

/**
 * The metadata that the beginning of a file holds, as far as it goes: what says how large the model is comes
 * before its vocabulary. Reads version 2 as well, which differs in nothing that stands here. Throws `Damage`
 * where not even one value can be read.
 */
export function readGgufHeader(beginning: Uint8Array): ReadonlyMap<string, GgufValue> {
  const cursor = createCursor(beginning);
  if (cursor.u32() !== MAGIC) damaged("it is not a GGUF file");
  const version = cursor.u32();
  if (version !== 2 && version !== 3) damaged(`it is GGUF version ${version}`);
  cursor.u64(); // tensors: more than a beginning can hold
  const keyCount = cursor.count(MAX_KEYS);
  const metadata = new Map<string, GgufValue>();
  try {
    readMetadata(cursor, keyCount, metadata);
  } catch (error) {
    if (!(error instanceof Damage) || metadata.size === 0) throw error; // else only the end is missing
  }
  return metadata;
}

type Cursor = ReturnType<typeof createCursor>;

function createCursor(bytes: Uint8Array) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const decoder = new TextDecoder();
  let at = 0;
  /** Moves on by `size` bytes and returns where they begin. */
  const take = (size: number): number => {
    if (size > bytes.length - at) damaged(`it ends early, at byte ${bytes.length}`);
    at += size;
    return at - size;
  };
  const u64 = () => Number(view.getBigUint64(take(8), true));
  /** A number of things to come: at least one byte each must still be there. */
  const count = (max: number): number => {
    const found = u64();
    if (found > max || found > bytes.length - at) damaged(`it announces ${found} items`);
    return found;
  };
  return {
    position: () => at,
    u8: () => view.getUint8(take(1)),
    i8: () => view.getInt8(take(1)),
    u16: () => view.getUint16(take(2), true),
    i16: () => view.getInt16(take(2), true),
    u32: () => view.getUint32(take(4), true),
    i32: () => view.getInt32(take(4), true),
    f32: () => view.getFloat32(take(4), true),
    f64: () => view.getFloat64(take(8), true),
    i64: () => Number(view.getBigInt64(take(8), true)),
    u64,
    count,
    text(): string {
      const size = count(bytes.length);
      const begin = take(size);
      return decoder.decode(bytes.subarray(begin, begin + size));
    },
  };
}

function readMetadata(
  cursor: Cursor,
  count: number,
  metadata = new Map<string, GgufValue>(),
): Map<string, GgufValue> {
  for (let i = 0; i < count; i++) {
    const key = cursor.text();
    if (metadata.has(key)) damaged(`"${key}" stands in it twice`);
    metadata.set(key, readValue(cursor, cursor.u32()));
  }
  return metadata;
}

function readValue(cursor: Cursor, type: number): GgufValue {
  if (type !== 9) return readScalar(cursor, type);
  const itemType = cursor.u32();
  // The format allows arrays of arrays; nothing uses them, and they could nest without end.
  if (itemType === 9) damaged("it has an array of arrays");
  return Array.from({ length: cursor.count(MAX_ARRAY) }, () => readScalar(cursor, itemType));
}

function readScalar(cursor: Cursor, type: number): GgufValue {
  switch (type) {
    case 0:
      return cursor.u8();
    case 1:
      return cursor.i8();
    case 2:
      return cursor.u16();
    case 3:
      return cursor.i16();
    case 4:
      return cursor.u32();
    case 5:
      return cursor.i32();
    case 6:
      return cursor.f32();
    case 7:
      return cursor.u8() !== 0;
    case 8:
      return cursor.text();
    case 10:
      return cursor.u64();
    case 11:
      return cursor.i64();
    case 12:
      return cursor.f64();
    default:
      return damaged(`it has a value of the unknown type ${type}`);
  }
}

function readTensorEntries(cursor: Cursor, count: number): Map<string, TensorEntry> {
  const tensors = new Map<string, TensorEntry>();
  for (let i = 0; i < count; i++) {
    const name = cursor.text();
    if (tensors.has(name)) damaged(`the tensor "${name}" stands in it twice`);
    const rank = cursor.u32();
    if (rank < 1 || rank > 4) damaged(`the tensor "${name}" has ${rank} dimensions`);
    const dimensions = Array.from({ length: rank }, () => cursor.u64());
    const type = cursor.u32();
    const offset = cursor.u64();
    const sizeBytes = sizeOf(type, dimensions) ?? damaged(`"${name}" has the unread type ${type}`);
    tensors.set(name, { dimensions, type, offset, sizeBytes });
  }
  return tensors;
}

const F32 = 0;
const F16 = 1;
const Q8_0 = 8;
const Q8_BLOCK = 32; // values that share one scale
const Q8_BLOCK_BYTES = 34; // the scale as F16, then 32 signed bytes

function sizeOf(type: number, dimensions: readonly number[]): number | undefined {
  const count = dimensions.reduce((product, size) => product * size, 1);
  if (type === F32) return count * 4;
  if (type === F16) return count * 2;
  if (type === Q8_0 && (dimensions[0] ?? 0) % Q8_BLOCK === 0) {
    return (count / Q8_BLOCK) * Q8_BLOCK_BYTES;
  }
  return undefined;
}

/** Inside the file each, and together no larger than it: tensors laid over one another could ask for anything. */
function checkExtents(tensors: ReadonlyMap<string, TensorEntry>, room: number): void {
  let total = 0;
  for (const [name, { offset, sizeBytes }] of tensors) {
    if (offset + sizeBytes > room) damaged(`the tensor "${name}" ends outside the file`);
    total += sizeBytes;
  }
  if (total > room) damaged("its tensors overlap");
}

function createAccessors(metadata: ReadonlyMap<string, GgufValue>) {
  const wrong = (key: string, what: string) => damaged(`"${key}" is not ${what}`);
  const list = (key: string): readonly GgufValue[] => {
    const value = metadata.get(key);
    return Array.isArray(value) ? value : wrong(key, "a list");
  };
  return {
    integer(key: string, min: number, max: number): number {
      const value = metadata.get(key);
      if (typeof value === "number" && Number.isInteger(value) && value >= min && value <= max) {
        return value;
      }
      return wrong(key, `a whole number from ${min} to ${max}`);
    },
    positive(key: string): number {
      const value = metadata.get(key);
      if (typeof value === "number" && Number.isFinite(value) && value > 0) return value;
      return wrong(key, "a number above zero");
    },
    text(key: string): string {
      const value = metadata.get(key);
      return typeof value === "string" ? value : wrong(key, "a text");
    },
    texts: (key: string) =>
      list(key).map((item) => (typeof item === "string" ? item : wrong(key, "a list of texts"))),
    integers: (key: string) =>
      list(key).map((item) =>
        typeof item === "number" && Number.isInteger(item) ? item : wrong(key, "a list of numbers"),
      ),
  };
}

function toFloats(bytes: Uint8Array, { dimensions, type }: TensorEntry): Float32Array {
  const count = dimensions.reduce((product, size) => product * size, 1);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const floats = new Float32Array(count);
  if (type === F32) {
    for (let i = 0; i < count; i++) floats[i] = view.getFloat32(i * 4, true);
  } else if (type === F16) {
    for (let i = 0; i < count; i++) floats[i] = view.getFloat16(i * 2, true);
  } else {
    for (let i = 0, block = 0; i < count; i += Q8_BLOCK, block += Q8_BLOCK_BYTES) {
      const scale = view.getFloat16(block, true);
      for (let j = 0; j < Q8_BLOCK; j++) floats[i + j] = scale * view.getInt8(block + 2 + j);
    }
  }
  return floats;
}
