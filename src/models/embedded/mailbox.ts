export interface Mailbox<T> extends AsyncIterable<T> {
  put(letter: T): void;
  /** Ends the reading with this error, before letters that were not read yet. */
  fail(error: unknown): void;
}

/** Letters in the order they came, for one reader, who waits for the next. */
export function createMailbox<T>(): Mailbox<T> {
  const letters: T[] = [];
  let failure: { error: unknown } | undefined;
  let wake = () => {};
  return {
    put(letter) {
      letters.push(letter);
      wake();
    },
    fail(error) {
      failure ??= { error };
      wake();
    },
    async *[Symbol.asyncIterator]() {
      for (;;) {
        if (failure) throw failure.error;
        const letter = letters.shift();
        if (letter !== undefined) yield letter;
        else await new Promise<void>((resolve) => (wake = resolve));
      }
    },
  };
}
