import pino from "pino";

/** What rooms may write to the log. The first argument holds facts, the second a sentence. */
export interface Log {
  debug(facts: object, text: string): void;
  info(facts: object, text: string): void;
  warn(facts: object, text: string): void;
  error(facts: object, text: string): void;
}

/**
 * JSON lines to a file descriptor or a path. Never content of messages or files, never a secret: the
 * paths below are struck out even where a caller forgets.
 */
export function createLog(to: { path: string; level?: string }): Log {
  const target = pino.destination({ dest: to.path, sync: true, append: true, mode: 0o600 });
  return pino(
    {
      level: to.level ?? "info",
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
    target,
  );
}

export const silentLog: Log = { debug() {}, info() {}, warn() {}, error() {} };
