import { join } from "node:path";

import { Fault } from "../base/fault.ts";
import type { Setting } from "../protocol/setting.ts";
import { type Config, parseConfig } from "./config.ts";
import { readConfigText } from "./config-text.ts";
import type { Environment } from "./environment.ts";

/**
 * Finds and reads the config: `ISOPOD_CONFIG` (or the seeds' `OPENCLAW_CONFIG_PATH`), else `isopod.json` in
 * the state folder, else an `openclaw.json` beside it. No file at all is a config without wishes.
 * Throws `CONFIG_MISSING` for a named file that is not there, `CONFIG_UNREADABLE`.
 */
export function loadConfig(from: {
  home: string;
  env: Environment;
  settings: readonly Setting[];
}): { config: Config; file: string; found: boolean } {
  const named = from.env["ISOPOD_CONFIG"] || from.env["OPENCLAW_CONFIG_PATH"];
  const own = join(from.home, "isopod.json");
  const candidates = named ? [named] : [own, join(from.home, "openclaw.json")];
  for (const file of candidates) {
    const text = readText(file);
    if (text !== undefined) {
      return { config: parse(from, { name: file, text }), file, found: true };
    }
    if (named) throw new Fault("CONFIG_MISSING", { file });
  }
  return { config: parse(from, undefined), file: own, found: false };
}

const parse = (
  { home, env, settings }: { home: string; env: Environment; settings: readonly Setting[] },
  file: { name: string; text: string } | undefined,
) => parseConfig({ file, env, settings, secretsFolder: join(home, "secrets") });

function readText(file: string): string | undefined {
  try {
    return readConfigText(file).replace(/^\uFEFF/, ""); // Windows editors write a byte-order mark
  } catch (cause) {
    if ((Object(cause) as { code?: unknown }).code === "ENOENT") return undefined;
    const detail = cause instanceof Error ? cause.message : String(cause);
    throw new Fault("CONFIG_UNREADABLE", { file, detail }, { cause });
  }
}
