import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { dirname } from "node:path";

import jju from "jju";

import { Fault } from "../base/fault.ts";
import { readConfigText } from "./config-text.ts";
import { isObject, mendFragment, readJson5 } from "./read.ts";

/**
 * Sets one value in a config file, for a person: comments, order and quotes stay. The result is read
 * back and compared, and shown to `check`, before it takes the old file's place. Makes the file where
 * there is none. Throws `CONFIG_SYNTAX` for a file that cannot be read, `CONFIG_EDIT` when it cannot be
 * written, and what `check` throws; the file is then as it was.
 */
export function editConfig(
  file: string,
  { path, value }: { path: readonly string[]; value: unknown },
  check: (text: string) => void = () => {},
): void {
  const before = mendFragment(readText(file)).text;
  const wanted = setIn(readJson5(before, file).value, path, value);
  const after = isBlank(before)
    ? `${JSON.stringify(wanted, null, 2)}\n`
    : jju.update(before, wanted, { mode: "json5", indent: "  " });
  if (JSON.stringify(readJson5(after, file).value) !== JSON.stringify(wanted)) {
    throw new Fault("CONFIG_EDIT", { file, detail: "its form cannot be kept while changing it" });
  }
  check(after);
  replaceFile(file, after);
}

/** "models.providers.ollama.models["qwen2.5:7b"].contextWindow" as keys: one with dots is quoted. */
export const parsePath = (text: string): string[] =>
  Array.from(
    text.matchAll(/\["([^"]+)"\]|([^.[\]]+)/g),
    ([, quoted, plain]) => quoted ?? plain ?? "",
  );

/** Nothing to keep: neither values nor comments. */
const isBlank = (text: string) => /^\s*(\{\s*\}\s*)?$/.test(text);

function readText(file: string): string {
  try {
    return readConfigText(file);
  } catch (cause) {
    if (codeOf(cause) === "ENOENT") return "";
    throw new Fault("CONFIG_UNREADABLE", { file, detail: messageOf(cause) }, { cause });
  }
}

function setIn(
  value: Record<string, unknown>,
  path: readonly string[],
  leaf: unknown,
): Record<string, unknown> {
  const [key, ...rest] = path;
  if (key === undefined) return value;
  const child = Object.hasOwn(value, key) ? value[key] : undefined;
  return { ...value, [key]: rest.length ? setIn(isObject(child) ? child : {}, rest, leaf) : leaf };
}

/** Written aside and renamed, so that a crash leaves the old file or the new one. */
function replaceFile(file: string, text: string): void {
  const aside = `${file}.${process.pid}.new`;
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    const handle = openSync(aside, "w", 0o600);
    try {
      writeFileSync(handle, text);
      fsyncSync(handle);
    } finally {
      closeSync(handle);
    }
    renameSync(aside, file);
  } catch (cause) {
    rmSync(aside, { force: true });
    // A single file mounted into a container cannot be replaced by rename (EBUSY): say so, change nothing.
    throw new Fault("CONFIG_EDIT", { file, detail: messageOf(cause) }, { cause });
  }
}

const codeOf = (error: unknown) => (Object(error) as { code?: unknown }).code;
const messageOf = (error: unknown) => (error instanceof Error ? error.message : String(error));
