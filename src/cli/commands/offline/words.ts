/** What people write for kinds, sizes and keys, and what they read of progress. */

import { readFileSync } from "node:fs";

import { Fault } from "../../../base/fault.ts";
import { parsePublicKey } from "../../../base/signature.ts";
import { type Kind, KINDS, MODEL_KINDS } from "../../../offline/kind.ts";
import type { OnProgress } from "../../../offline/format/carry.ts";
import type { Call } from "../../command.ts";
import type { Terminal } from "../../terminal.ts";
import { describeProgress } from "../../watch-keeping.ts";

const usage = (command: string, detail: string) =>
  new Fault("USAGE", { detail, command: `isopod ${command}` });

/** Kinds with commas between them; "models" stands for all kinds of models. */
export function parseOnly(text: unknown, command: string): { only?: Kind[] } {
  if (typeof text !== "string") return {};
  const only = text.split(",").flatMap((word): readonly Kind[] => {
    const name = word.trim();
    if (name === "models") return MODEL_KINDS;
    const kind = KINDS.find((kind) => kind === name);
    if (kind) return [kind];
    throw usage(command, `"${name}" is no kind; there are models, ${KINDS.join(", ")}`);
  });
  return { only };
}

const UNITS: Readonly<Record<string, number>> = { k: 1024, m: 1024 ** 2, g: 1024 ** 3 };
/** Below it a model would be thousands of files. */
const LEAST_PART_BYTES = 1024 * 1024;

/** As `split` takes sizes: "3900M", "2G". */
export function parseSplit(text: unknown, command: string): { splitBytes?: number } {
  if (typeof text !== "string") return {};
  const [, digits = "", unit = ""] = /^(\d+)([kmg])$/i.exec(text) ?? [];
  const splitBytes = Number(digits) * (UNITS[unit.toLowerCase()] ?? 0);
  if (splitBytes >= LEAST_PART_BYTES) return { splitBytes };
  throw usage(command, `"${text}" is no size such as 3900M, or less than 1M`);
}

/** A key as it was printed, or the path of a `.pub` file. */
export function parseTrust(words: unknown, command: string): string[] {
  const given = Array.isArray(words) ? words.map(String) : [];
  return given.map((word) => {
    const key = parsePublicKey(word) ?? parsePublicKey(readText(word));
    if (key !== undefined) return key;
    throw usage(command, `"${word}" is neither a key of minisign's form nor a file with one`);
  });
}

/** The first line of a file. */
export function parsePassphrase(file: unknown, command: string): { passphrase?: string } {
  if (typeof file !== "string") return {};
  const passphrase = readText(file).split(/\r?\n/)[0] ?? "";
  if (passphrase.length >= LEAST_PASSPHRASE) return { passphrase };
  throw usage(
    command,
    `"${file}" has no passphrase of ${LEAST_PASSPHRASE} or more letters in its first line`,
  );
}

/** Four random words have more; what is shorter is guessed by a machine that has the stick. */
const LEAST_PASSPHRASE = 12;

function readText(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return ""; // told as what it is not
  }
}

/** A passing line, with bar, sizes and what is left. */
export function showProgress(terminal: Terminal): OnProgress {
  const beganMs = performance.now();
  return ({ text, doneBytes, totalBytes }) => {
    const seconds = (performance.now() - beganMs) / 1000;
    const bytesPerSecond = doneBytes / Math.max(seconds, 0.001);
    const secondsLeft = (totalBytes - doneBytes) / Math.max(bytesPerSecond, 1);
    terminal.progress(
      describeProgress({
        type: "progress",
        text,
        doneBytes,
        totalBytes,
        bytesPerSecond,
        secondsLeft,
      }),
    );
  };
}

/** Runs what tells progress, and takes the last line of it away. Undefined where Ctrl-C ended it. */
export async function withProgress<T>(
  { terminal, within }: Pick<Call, "terminal" | "within">,
  work: (watch: { onProgress: OnProgress; signal: AbortSignal }) => Promise<T>,
): Promise<T | undefined> {
  try {
    return await within((signal) => work({ onProgress: showProgress(terminal), signal }));
  } finally {
    terminal.progress(undefined);
  }
}
