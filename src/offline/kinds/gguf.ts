/** GGUF files that we run ourselves: a model with all its parts, and what turns images into tokens for it. */

import { readdirSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";

import { type GgufFile, listGgufFiles } from "../../models/engine/files.ts";
import { readGgufFile } from "../../models/fit/gguf-file.ts";
import type { FileToCarry, ToCarry } from "../format/carry.ts";

export const ggufId = (model: string) => `gguf:${model}`;

/** All that a place has; none where it is not there. */
export const findGguf = (place: string): GgufFile[] => listGgufFiles(place);

/** Throws `MODEL_FILE_UNREADABLE` for what is no GGUF file. */
export function toGguf({ id, path }: GgufFile): ToCarry {
  const { title } = readGgufFile(path);
  const files = filesOf(path).map(toFile);
  return { id: ggufId(id), kind: "gguf", title: title === id ? id : `${id} (${title})`, files };
}

const PART = /-\d{5}-of-(\d{5})\.gguf$/;

function filesOf(path: string): string[] {
  const folder = dirname(path);
  const name = basename(path);
  const [ending, count] = PART.exec(name) ?? [];
  const parts =
    ending === undefined
      ? [name]
      : readdirSync(folder).filter(
          (one) => one.startsWith(name.slice(0, -ending.length)) && PART.exec(one)?.[1] === count,
        );
  const eyes = readdirSync(folder).filter((one) => isEyesOf(one, name));
  return [...parts, ...eyes].toSorted().map((one) => join(folder, one));
}

/** By the name, as they are published: "mmproj-gemma-3-4b-it-f16.gguf" beside "gemma-3-4b-it-q4_0.gguf". */
function isEyesOf(eyes: string, model: string): boolean {
  if (!/^mmproj.*\.gguf$/.test(eyes)) return false;
  const stem = eyes.replace(/^mmproj-?/, "").replace(/(-[^-]*)?\.gguf$/, "");
  return stem === "" || model.startsWith(stem);
}

const toFile = (from: string): FileToCarry => ({
  path: basename(from),
  from,
  sizeBytes: statSync(from).size,
});
