/** Ctrl-C and SIGTERM: they end the command, or only the piece of work that asked to be ended instead. */

export interface Interrupts {
  /** Of the command as a whole. */
  readonly signal: AbortSignal;
  /** Ctrl-C. A second one, while the first is still being heeded, is for the command. */
  interrupt(): void;
  /** SIGTERM: always for the command. */
  end(): void;
  /** Runs work that Ctrl-C ends by its signal, and nothing else by that; undefined where it did. */
  within<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T | undefined>;
}

export function createInterrupts(): Interrupts {
  const whole = new AbortController();
  let inner: AbortController | undefined;
  const end = () => whole.abort(new Error("interrupted"));
  return {
    signal: whole.signal,
    end,
    interrupt() {
      if (!inner || inner.signal.aborted) return end();
      inner.abort(new Error("interrupted"));
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
