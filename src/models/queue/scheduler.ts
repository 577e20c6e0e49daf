/**
 * One queue before each server. Servers queue by themselves, but first come first served: a person would
 * wait behind every scheduled job. So no more goes out at once than the server takes in, people go
 * before machines, and within each the first goes first.
 */

export interface Scheduler {
  /** Undefined where there is room at once, else a wait that ends with the turn or the signal's reason. */
  enter(priority: "person" | "machine", signal: AbortSignal): Promise<void> | undefined;
  /** Once for every turn that was got. */
  leave(): void;
  /** How many wait. */
  readonly waiting: number;
}

export function createScheduler(maxConcurrent: number): Scheduler {
  let running = 0;
  const queues = { person: new Set<() => void>(), machine: new Set<() => void>() };

  function wait(queue: Set<() => void>, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      signal.throwIfAborted();
      const stop = () => {
        queue.delete(start);
        reject(signal.reason);
      };
      const start = () => {
        queue.delete(start);
        signal.removeEventListener("abort", stop);
        running++;
        resolve();
      };
      queue.add(start);
      signal.addEventListener("abort", stop, { once: true });
    });
  }

  return {
    get waiting() {
      return queues.person.size + queues.machine.size;
    },
    enter(priority, signal) {
      if (running >= maxConcurrent) return wait(queues[priority], signal);
      running++;
      return undefined;
    },
    leave() {
      running--;
      const [next] = queues.person.size > 0 ? queues.person : queues.machine;
      next?.();
    },
  };
}
