import { openSync, writeSync } from "node:fs";
import { createRequire } from "node:module";

import type Pino from "pino";

/** What rooms may write to the log. The first argument holds facts, the second a sentence. */
export interface Log {
  debug(facts: object, text: string): void;
  info(facts: object, text: string): void;
  warn(facts: object, text: string): void;
  error(facts: object, text: string): void;
}

/**
 * JSON lines to a file, for its owner alone. Never content of messages or files, never a secret: the paths
 * below are struck out even where a caller forgets. Throws where the file cannot be opened, and never later.
 */
export function createLog(to: { path: string }): Log {
  const file = openSync(to.path, "a", 0o600);
  let opened: Log | undefined;
  const lines = () => (opened ??= openPino(file));
  return {
    debug() {}, // below the level that is kept
    info: (facts, text) => lines().info(facts, text),
    warn: (facts, text) => lines().warn(facts, text),
    error: (facts, text) => lines().error(facts, text),
  };
}

/** Loaded with the first line, which many runs never write: its 30 modules take 20 ms of a start. */
function openPino(file: number): Log {
  const pino = createRequire(import.meta.url)("pino") as typeof Pino; // what its types say it exports
  return pino(
    {
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      redact: [
        "apiKey",
        "token",
        "key",
        "code",
        "cookie",
        "authorization",
        "*.apiKey",
        "*.token",
        "*.authorization",
      ],
    },
    { write: (line) => write(file, line) },
  );
}

/** At once, so that the last words of a process are in it. */
function write(file: number, line: string): void {
  try {
    writeSync(file, line);
  } catch {
    // The disk is full: whoever logs has an answer to give, and that matters more than the line.
  }
}

export const silentLog: Log = { debug() {}, info() {}, warn() {}, error() {} };
