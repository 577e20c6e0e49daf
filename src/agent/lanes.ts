/** One turn at a time in a session, many sessions at once. Knows nothing of what a turn is made of. */

export interface Lanes<T extends { id: string; session: string }> {
  /** Runs it now, or after those of its session that came before. Returns how many are ahead of it. */
  add(turn: T): number;
  waiting(session: string): number;
  running(session: string): T | undefined;
  /**
   * Ends what runs with this reason; returns it and what waited, in order. `ended` resolves once the one
   * that ran is over.
   */
  stop(
    session: string,
    reason: unknown,
  ): { running: T | undefined; waiting: T[]; ended: Promise<void> };
  /** Starts nothing more, ends what runs with this reason, and resolves once all of it is over. */
  close(reason: unknown): Promise<void>;
}

type Lane<T> = { running: T; waiting: T[]; controller: AbortController; ended: Promise<void> };

export function createLanes<T extends { id: string; session: string }>({
  run,
  onFree,
}: {
  /** Must not throw. */
  run(turn: T, signal: AbortSignal): Promise<void>;
  /** Nothing runs or waits any more in this turn's session. Must not throw. */
  onFree(turn: T): void;
}): Lanes<T> {
  const lanes = new Map<string, Lane<T>>();
  let closed = false;

  const start = (turn: T, waiting: T[]) => {
    const controller = new AbortController();
    const ended = run(turn, controller.signal).then(() => {
      const lane = lanes.get(turn.session);
      const next = lane?.waiting.shift();
      if (lane && next && !closed) return start(next, lane.waiting);
      lanes.delete(turn.session);
      onFree(turn);
    });
    lanes.set(turn.session, { running: turn, waiting, controller, ended });
  };
  return {
    add: (turn) => {
      const lane = lanes.get(turn.session);
      if (lane) return lane.waiting.push(turn);
      if (!closed) start(turn, []);
      return 0;
    },
    waiting: (session) => lanes.get(session)?.waiting.length ?? 0,
    running: (session) => lanes.get(session)?.running,
    stop: (session, reason) => {
      const lane = lanes.get(session);
      const waiting = lane?.waiting.splice(0) ?? [];
      lane?.controller.abort(reason);
      return { running: lane?.running, waiting, ended: lane?.ended ?? Promise.resolve() };
    },
    close: async (reason) => {
      closed = true;
      for (const { controller } of lanes.values()) controller.abort(reason);
      await Promise.all([...lanes.values()].map(({ ended }) => ended));
    },
  };
}
