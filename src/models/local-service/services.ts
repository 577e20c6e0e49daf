export interface LocalServices {
  /**
   * Resolves once the server of this provider answers, starting it where config says how; at once where
   * config says nothing. Throws `MODEL_SERVICE_UNAPPROVED`, `MODEL_SERVICE_FAILED`, or the signal's reason.
   */
  ensure(
    id: string,
    onWait: ((text: string) => void) | undefined,
    signal: AbortSignal,
  ): Promise<void>;
  /** A chat goes out. Call what it returns when it is over: a server in use is not idle. */
  use(id: string): () => void;
  /** Hears of each server that ended. One listener. */
  onEnd(listener: (id: string) => void): void;
}
