/**
 * A gateway that is killed: after so many writes and effects nothing of it happens any more, as after
 * kill -9. Writes happen one by one, so that what was begun and not yet committed is lost as well.
 */

import type { Store } from "../../src/store/store.ts";
import type { Tool } from "../../src/tools/tool.ts";

export interface Mortal {
  /** What a process that is killed would use. The store behind it stays. */
  store: Store;
  tools: Tool[];
  /** Resolves when it dies. */
  died: Promise<void>;
  /** How many steps it took. */
  steps(): number;
}

const WRITES = new Set([
  "create",
  "update",
  "delete",
  "addEpoch",
  "addUsage",
  "open",
  "append",
  "setState",
  "start",
  "finish",
  "add",
  "set",
]);

/** Lives for `lifetime` steps. A tool takes two: one before its effect, one after. */
export function createMortal(store: Store, tools: readonly Tool[], lifetime: number): Mortal {
  let steps = 0;
  let dead = false;
  let last: Promise<unknown> = Promise.resolve();
  const { promise: died, resolve: die } = Promise.withResolvers<void>();
  const never = new Promise<never>(() => {});

  const step = <T>(work: () => Promise<T> | T): Promise<T> => {
    const mine = last.then(() => {
      if (dead || steps >= lifetime) {
        dead = true;
        die();
        return never;
      }
      steps += 1;
      return work();
    });
    last = mine.catch(() => {});
    return mine;
  };
  const wrap = <T extends object>(part: T): T =>
    new Proxy(part, {
      get: (target, name) => {
        const method: unknown = Reflect.get(target, name);
        if (typeof method !== "function") return method;
        return (...args: unknown[]) => {
          const call = () => Reflect.apply(method, target, args);
          return WRITES.has(String(name)) ? step(call) : dead ? never : call();
        };
      },
    });
  return {
    died,
    steps: () => steps,
    store: {
      ...store,
      sessions: wrap(store.sessions),
      turns: wrap(store.turns),
      journal: wrap(store.journal),
      memories: wrap(store.memories),
    },
    tools: tools.map((tool) => ({
      ...tool,
      run: async (input, context) => {
        await step(() => {});
        const output = await tool.run(input, context);
        await step(() => {});
        return output;
      },
    })),
  };
}
