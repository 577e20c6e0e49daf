/**
 * Holds events back while something is fetched, and gives them on once it is there: so nothing that
 * happens during a fetch is lost under its older answer.
 */
export interface CatchUp<T> {
  push(item: T): void;
  /** Several may run at once; what is held flows when the last one ends, well or not. */
  during<R>(work: () => Promise<R>): Promise<R>;
}

export function createCatchUp<T>(apply: (items: readonly T[]) => void): CatchUp<T> {
  let held: T[] = [];
  let running = 0;
  return {
    push(item) {
      if (running > 0) held.push(item);
      else apply([item]);
    },
    async during(work) {
      running++;
      try {
        return await work();
      } finally {
        running--;
        if (running === 0) {
          const items = held;
          held = [];
          apply(items);
        }
      }
    },
  };
}
