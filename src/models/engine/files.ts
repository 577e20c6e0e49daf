/** The GGUF files of a folder, or one file: what there is to run, by name. */

import { readdirSync, statSync } from "node:fs";
import { basename, join } from "node:path";

import { Fault } from "../../base/fault.ts";
import type { Weights } from "../fit/estimate.ts";
import { readGgufFile } from "../fit/gguf-file.ts";

export type GgufFile = {
  /** The file's name without its ending. */
  id: string;
  path: string;
};

/** Empty where there is no such file or folder. Files of a split model count as one, by the first. */
export function listGgufFiles(path: string): GgufFile[] {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat?.isFile()) return [toFile(path)];
  if (!stat?.isDirectory()) return [];
  return readdirSync(path)
    .filter((name) => name.endsWith(".gguf") && isModel(name))
    .toSorted()
    .map((name) => toFile(join(path, name)))
    .filter((file) => statSync(file.path, { throwIfNoEntry: false })?.isFile());
}

/** Such as "qwen3-32b-00002-of-00003.gguf". */
const PART = /-(\d{5})-of-(\d{5})\.gguf$/;

/** Not a later part, and not the half that turns images into tokens. */
const isModel = (name: string) =>
  !name.startsWith("mmproj") && (PART.exec(name)?.[1] ?? "00001") === "00001";

const toFile = (path: string): GgufFile => ({
  id: basename(path)
    .replace(PART, "")
    .replace(/\.gguf$/, ""),
  path,
});

/** What the header says, with the sizes of all parts. Throws `MODEL_DAMAGED` for what is no model. */
export function readWeights({ path }: GgufFile): Weights {
  try {
    const weights = readGgufFile(path);
    const count = Number(PART.exec(path)?.[2] ?? 1);
    let weightBytes = weights.weightBytes;
    for (let part = 2; part <= count; part += 1) weightBytes += sizeOf(nameOf(path, part));
    return { ...weights, weightBytes };
  } catch (cause) {
    if (!(cause instanceof Fault)) throw cause;
    const detail = `its header cannot be read (${cause.message})`;
    throw new Fault("MODEL_DAMAGED", { path, detail }, { cause });
  }
}

const nameOf = (path: string, part: number) =>
  path.replace(
    PART,
    (_, _first, count: string) => `-${`${part}`.padStart(5, "0")}-of-${count}.gguf`,
  );

function sizeOf(path: string): number {
  const size = statSync(path, { throwIfNoEntry: false })?.size;
  if (size !== undefined) return size;
  throw new Fault("MODEL_DAMAGED", { path, detail: "this part of it is not there" });
}
