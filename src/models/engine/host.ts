/**
 * The one child that there is at a time. Another model takes its place, since two would seldom fit into
 * memory together; one that nobody asks for a while is ended, and its memory is free.
 */

import type { Clock } from "../../base/clock.ts";
import { abortable } from "../../base/abortable.ts";
import { type Child, type ChildDeps, type Loaded, startChild } from "./child-process.ts";
import type { Answer, ChatOrder, Load } from "./letters.ts";

export interface Host {
  /** What is in memory, or on its way there. */
  readonly current: { load: Load; loaded: Loaded | undefined } | undefined;
  /** Loads what is to answer, where it is not there, and passes on its answers. Throws as `Child.chat`. */
  chat(
    job: { load: Load; order: ChatOrder; provider: string },
    signal: AbortSignal,
  ): AsyncIterable<Answer>;
  /** The same without a question: resolves when it is in memory. */
  load(job: { load: Load; provider: string }, signal: AbortSignal): Promise<void>;
  /** Frees the memory. May be called twice; a later chat loads again. */
  unload(): Promise<void>;
}

export type HostDeps = ChildDeps & { clock: Clock; idleMs: number };

export function createHost(deps: HostDeps): Host {
  type Running = { child: Child; load: Load; loaded: Loaded | undefined; users: number };
  let running: Running | undefined;
  /** Whoever wants another model waits until the one before is gone. */
  let turn: Promise<unknown> = Promise.resolve();
  let idle = new AbortController();

  async function unload(): Promise<void> {
    idle.abort();
    const last = running;
    running = undefined;
    await last?.child.close();
  }

  async function take(load: Load, provider: string): Promise<Running> {
    idle.abort();
    if (running && !running.child.hasEnded && isSame(running.load, load)) return running;
    await unload();
    const child = startChild(deps, load, provider);
    const started: Running = { child, load, loaded: undefined, users: 0 };
    running = started;
    child.loaded.then(
      (loaded) => (started.loaded = loaded),
      () => undefined, // who asked is told
    );
    return started;
  }

  function queued(load: Load, provider: string, signal: AbortSignal): Promise<Running> {
    signal.throwIfAborted();
    const taken = turn.then(() => take(load, provider));
    turn = taken.catch(() => undefined); // the next one does not fail with it
    return abortable(taken, signal);
  }

  const rest = () => {
    idle.abort();
    idle = new AbortController();
    deps.clock.sleep(deps.idleMs, idle.signal).then(unload, () => {}); // somebody asked again
  };

  return {
    get current() {
      return running && !running.child.hasEnded
        ? { load: running.load, loaded: running.loaded }
        : undefined;
    },
    async load({ load, provider }, signal) {
      const own = await queued(load, provider, signal);
      try {
        await abortable(own.child.loaded, signal);
      } finally {
        if (own === running && own.users === 0) rest();
      }
    },
    async *chat({ load, order, provider }, signal) {
      const own = await queued(load, provider, signal);
      own.users += 1;
      const isFirst = own.loaded === undefined;
      try {
        const loaded = await abortable(own.child.loaded, signal);
        if (isFirst) yield loaded;
        yield* own.child.chat(order, signal);
      } finally {
        own.users -= 1;
        if (own === running && own.users === 0) rest();
      }
    },
    unload,
  };
}

const isSame = (a: Load, b: Load) => JSON.stringify(a) === JSON.stringify(b);
