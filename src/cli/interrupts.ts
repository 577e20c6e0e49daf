/** Ctrl-C and SIGTERM: they end the command, or only the piece of work that asked to be ended instead. */

import type { Clock } from "../base/clock.ts";

export interface Interrupts {
  /** Of the command as a whole. */
  readonly signal: AbortSignal;
  /**
   * Ctrl-C: for the work within, where there is some; else, and where that has been told already, for the
   * command. False where the command has been told, too: whoever asks still wants it gone at once.
   */
  interrupt(): boolean;
  /** SIGTERM: always for the command. As often as one likes: service managers send it to a launcher, too. */
  end(): void;
  /** Runs work that Ctrl-C ends by its signal, and nothing else by that; undefined where it did. */
  within<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T | undefined>;
}

/**
 * npm and our own launcher pass on a Ctrl-C that the terminal has given to all of them: what comes so soon
 * after another is the same one. No person is as quick.
 */
const ECHO_MS = 100;

export function createInterrupts(clock: Pick<Clock, "elapsedMs">): Interrupts {
  const whole = new AbortController();
  let inner: AbortController | undefined;
  let lastMs = -Infinity;
  const end = () => whole.abort(new Error("interrupted"));
  return {
    signal: whole.signal,
    end,
    interrupt() {
      const isEcho = clock.elapsedMs() - lastMs < ECHO_MS;
      lastMs = clock.elapsedMs();
      if (isEcho) return true;
      if (whole.signal.aborted) return false;
      if (inner && !inner.signal.aborted) inner.abort(new Error("interrupted"));
      else end();
      return true;
    },
    async within(work) {
      const own = new AbortController();
      inner = own;
      const signal = AbortSignal.any([whole.signal, own.signal]);
      try {
        return await work(signal);
      } catch (error) {
        whole.signal.throwIfAborted();
        if (isInterruption(error, own.signal)) return undefined;
        throw error;
      } finally {
        inner = undefined;
      }
    },
  };
}

/** The signal's own reason, or what Node makes of it where it waits by itself. */
export function isInterruption(error: unknown, { aborted, reason }: AbortSignal): boolean {
  if (!aborted) return false;
  return error === reason || (error instanceof Error && error.name === "AbortError");
}
