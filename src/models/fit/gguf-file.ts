/** How large a model is, from the beginning of its GGUF file. */

import { closeSync, fstatSync, openSync, readSync, constants } from "node:fs";
import { basename } from "node:path";

import { Fault } from "../../base/fault.ts";
import { Damage } from "../embedded/damage.ts";
import { readGgufHeader } from "../embedded/gguf.ts";
import { readShape } from "../keeping/shape.ts";
import type { Weights } from "./estimate.ts";

/** Everything but the vocabulary stands in the first few kilobytes; nothing of a hostile file is read beyond. */
const BEGINNING_BYTES = 1024 * 1024;

/** Throws `MODEL_FILE_UNREADABLE` for what is no GGUF file, or cannot be read. */
export function readGgufFile(path: string): Weights {
  const { beginning, sizeBytes } = readBeginning(path);
  let metadata: Readonly<Record<string, unknown>>;
  try {
    metadata = Object.fromEntries(readGgufHeader(beginning));
  } catch (cause) {
    if (!(cause instanceof Damage)) throw cause;
    throw new Fault("MODEL_FILE_UNREADABLE", { path, detail: cause.message }, { cause });
  }
  const shape = readShape(metadata);
  const title = metadata["general.name"];
  const type = metadata["general.file_type"];
  return {
    name: path,
    title: typeof title === "string" && title !== "" ? title : basename(path),
    weightBytes: sizeBytes,
    parameters: shape?.parameterCount,
    quantisation: typeof type === "number" ? FILE_TYPES[type] : undefined,
    shape,
    maxContextTokens: shape?.contextTokens,
    basis: "file",
  };
}

function readBeginning(path: string): { beginning: Uint8Array; sizeBytes: number } {
  let file: number | undefined;
  try {
    // Not to be held up by a pipe that nobody writes into.
    file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const stat = fstatSync(file);
    if (!stat.isFile()) throw new Error("it is not a file");
    const bytes = new Uint8Array(Math.min(stat.size, BEGINNING_BYTES));
    const read = readSync(file, bytes, 0, bytes.length, 0);
    return { beginning: bytes.subarray(0, read), sizeBytes: stat.size };
  } catch (cause) {
    const detail = cause instanceof Error ? cause.message : String(cause);
    throw new Fault("MODEL_FILE_UNREADABLE", { path, detail }, { cause });
  } finally {
    if (file !== undefined) closeSync(file);
  }
}

/** `llama_ftype` of llama.h, those that are met. */
const FILE_TYPES: Readonly<Record<number, string>> = {
  0: "F32",
  1: "F16",
  2: "Q4_0",
  3: "Q4_1",
  7: "Q8_0",
  8: "Q5_0",
  9: "Q5_1",
  10: "Q2_K",
  11: "Q3_K_S",
  12: "Q3_K_M",
  13: "Q3_K_L",
  14: "Q4_K_S",
  15: "Q4_K_M",
  16: "Q5_K_S",
  17: "Q5_K_M",
  18: "Q6_K",
  30: "IQ4_XS",
  32: "BF16",
};
