import { open } from "node:fs/promises";

import { damaged } from "./damage.ts";

/** The engine is for models of a few MB; unpacked to floats they take up to four times that in memory. */
const MAX_FILE_BYTES = 64 * 1024 * 1024;

/** The file's bytes. Throws `Damage` for what cannot be read or is no file of weights by its size. */
export async function readWeights(path: string): Promise<Uint8Array> {
  try {
    await using file = await open(path);
    const { size } = await file.stat();
    if (size > MAX_FILE_BYTES)
      damaged(`it has ${size} bytes, and at most ${MAX_FILE_BYTES} are read`);
    return await file.readFile();
  } catch (error) {
    if (!(error instanceof Error) || !("code" in error)) throw error;
    return damaged(`it cannot be read (${String(error.code)})`);
  }
}
