/**
 * Group commit: the writes of one turn of the event loop share a transaction and a sync of the disk,
 * which costs a hundred times as much as the rows. Each promise resolves after the commit only.
 *
 * A write that throws is alone in it: the shared transaction is taken back and each of its writes runs
 * again in one of its own. So a write must do nothing but speak to the database.
 */

import type { Database } from "./database.ts";

export interface Writer {
  /** Rejects with what `work` threw, or with the fault that kept it from the disk. */
  write<T>(work: () => T): Promise<T>;
  /** Resolves when all that was asked for so far is settled. Never rejects. */
  idle(): Promise<void>;
}

export function createWriter(database: Pick<Database, "transact">): Writer {
  let queue: Write[] = [];
  let committed = Promise.resolve();

  function enqueue(write: Write): void {
    queue.push(write);
    if (queue.length > 1) return;
    // Immediate, not a microtask: everything that the sockets brought meanwhile comes along.
    committed = new Promise((resolve) => {
      setImmediate(() => {
        const due = queue;
        queue = [];
        commit(database, due);
        resolve();
      });
    });
  }

  return {
    write: (work) =>
      new Promise((resolve, reject) => {
        enqueue({
          run() {
            const value = work();
            return () => resolve(value);
          },
          reject,
        });
      }),
    idle: () => committed,
  };
}

type Write = {
  /** Does it, and returns what tells the caller once it is on disk. */
  run(): () => void;
  reject(error: unknown): void;
};

function commit(database: Pick<Database, "transact">, writes: Write[]): void {
  try {
    const acknowledge = database.transact(() => writes.map((write) => write.run()));
    for (const tell of acknowledge) tell();
  } catch (error) {
    const [only] = writes;
    if (writes.length === 1) only?.reject(error);
    else for (const write of writes) commit(database, [write]);
  }
}
