/**
 * One queue before each server. Servers queue by themselves, but first come first served: a person would
 * wait behind every scheduled job. So no more goes out at once than the server takes in, people go
 * before machines, and within each the first goes first.
 */

import type { ChatEvent, ChatRequest, Provider } from "./provider.ts";

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

/** The same provider, whose chats take their turn. A chat that is never read takes none. */
export function withScheduler(provider: Provider, scheduler: Scheduler): Provider {
  async function* chat(request: ChatRequest, signal: AbortSignal): AsyncGenerator<ChatEvent> {
    const turn = scheduler.enter(request.priority ?? "person", signal);
    if (turn) {
      const text = `waiting for "${provider.id}", ${scheduler.waiting} in line`;
      yield* waitFor(turn, { type: "progress", on: "queue", text }, scheduler);
    }
    try {
      for await (const event of provider.chat(request, signal)) yield event;
    } finally {
      scheduler.leave();
    }
  }
  return { ...provider, chat };
}

/** Says that it waits, then waits. A reader who leaves at the first event gives its place back. */
async function* waitFor(turn: Promise<void>, event: ChatEvent, scheduler: Scheduler) {
  // An abort may come before anybody awaits it; whoever reads on is told then.
  turn.catch(() => undefined);
  let told = false;
  try {
    yield event;
    told = true;
  } finally {
    if (!told) void turn.then(scheduler.leave, () => undefined);
  }
  await turn;
}
