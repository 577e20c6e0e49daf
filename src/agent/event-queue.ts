/** Turns calls into a stream that one reader takes up at its own pace. */
export interface EventQueue<T> {
  push(event: T): void;
  /** Ends the stream after what was pushed. May be called twice. */
  close(): void;
  /** For one reader. */
  events(): AsyncGenerator<T, void, void>;
}

export function createEventQueue<T>(): EventQueue<T> {
  let waiting: T[] = [];
  let closed = false;
  let wake = () => {};
  return {
    push: (event) => {
      waiting.push(event);
      wake();
    },
    close: () => {
      closed = true;
      wake();
    },
    events: async function* () {
      for (;;) {
        const batch = waiting;
        waiting = [];
        yield* batch;
        if (waiting.length > 0) continue;
        if (closed) return;
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    },
  };
}
