/**
 * One queue before each server. Servers queue by themselves, but first come first served: a person would
 * wait behind every scheduled job. So no more goes out at once than the server takes in; `order.ts` says
 * who is next, and work in the background gives way where a person would have to wait.
 */

import type { Clock } from "../../base/clock.ts";
import { inOrder, isAged, nextOf, type Priority, PRIORITIES, type Waiting } from "./order.ts";

export interface Scheduler {
  /** Comes into line. Make one for each request; it keeps its age when it has to come again. */
  join(request: { priority: Priority; model: string }): Entry;
  /** A place at once; undefined where there is none. */
  take(entry: Entry): Place | undefined;
  /** Waits for one. Rejects with the signal's reason, and has left the line then. */
  wait(entry: Entry, signal: AbortSignal): Promise<Place>;
  /** Where an entry stands; undefined where it does not wait. */
  placeOf(
    entry: Entry,
  ): { position: number; length: number; seconds: number | undefined } | undefined;
  /** Resolves when the line moves next. */
  moved(): Promise<void>;
  /** How many may run at once from now on. */
  setLimit(limit: number): void;
  readonly state: QueueState;
}

export type QueueState = {
  running: number;
  limit: number;
  waiting: Record<Priority, number>;
  /** What one who comes now would wait; undefined where nothing was measured yet. */
  seconds: number | undefined;
};

export type Entry = Waiting & { /** How often it gave way. */ gaveWay: number };

/** The right to use the server. */
export type Place = {
  /** Ends where a person needs the place; absent for what need not give way. */
  giveWay?: AbortSignal;
  /** To be called once it is over; again it does nothing. */
  leave(): void;
};

type Waiter = { entry: Entry; start: (place: Place) => void };
type Runner = { entry: Entry; startedMs: number; stop: AbortController | undefined };

/** Then it is let finish: what is begun anew for ever does nothing but heat the room. */
const MAX_GAVE_WAY = 3;
/** A new answer counts for a third of what is expected of the next. */
const NEWS_WEIGHT = 1 / 3;

export function createScheduler(clock: Clock, limitAtFirst: number): Scheduler {
  let limit = limitAtFirst;
  let loaded: string | undefined;
  let meanMs: number | undefined;
  let line: Waiter[] = [];
  const running = new Set<Runner>();
  let moved = Promise.withResolvers<void>();

  const move = () => {
    moved.resolve();
    moved = Promise.withResolvers<void>();
  };

  function occupy(entry: Entry): Place {
    const mayStop = entry.priority === "background" && entry.gaveWay < MAX_GAVE_WAY;
    const stop = mayStop ? new AbortController() : undefined;
    const runner: Runner = { entry, startedMs: clock.elapsedMs(), stop };
    running.add(runner);
    loaded = entry.model;
    return { ...(stop && { giveWay: stop.signal }), leave: () => leave(runner) };
  }

  function leave(runner: Runner): void {
    if (!running.delete(runner)) return;
    if (runner.stop?.signal.aborted) runner.entry.gaveWay += 1;
    else learn(clock.elapsedMs() - runner.startedMs);
    startNext();
  }

  function learn(tookMs: number): void {
    meanMs = meanMs === undefined ? tookMs : meanMs + (tookMs - meanMs) * NEWS_WEIGHT;
  }

  function startNext(): void {
    while (running.size < limit && line.length > 0) {
      const entries = line.map(({ entry }) => entry);
      const turn = nextOf(entries, loaded, clock.elapsedMs());
      const waiter = line.find(({ entry }) => entry === turn?.next);
      if (!turn || !waiter) break;
      for (const entry of turn.overtakes) entry.overtaken += 1;
      line = line.filter((one) => one !== waiter);
      waiter.start(occupy(waiter.entry));
    }
    makeRoom();
    move();
  }

  /** Stops as much of the background as there are people waiting; each stopped one still holds its place. */
  function makeRoom(): void {
    let people = line.filter(({ entry }) => entry.priority === "person").length;
    for (const { entry, stop, startedMs } of running) {
      if (stop?.signal.aborted) people -= 1;
      else if (stop && people > 0 && !isAged(entry, startedMs)) {
        stop.abort(GIVE_WAY);
        people -= 1;
      }
    }
  }

  /** A guess: so many rounds of the usual length. */
  const secondsAt = (position: number) =>
    meanMs === undefined ? undefined : Math.ceil((Math.ceil(position / limit) * meanMs) / 1000);

  return {
    join: ({ priority, model }) => ({
      priority,
      model,
      sinceMs: clock.elapsedMs(),
      overtaken: 0,
      gaveWay: 0,
    }),
    // Whoever waits is before one that comes; nobody waits while there is room.
    take: (entry) => (running.size < limit && line.length === 0 ? occupy(entry) : undefined),
    wait: (entry, signal) =>
      new Promise((resolve, reject) => {
        signal.throwIfAborted();
        const stop = () => {
          line = line.filter((one) => one !== waiter);
          reject(signal.reason);
          move();
        };
        const waiter: Waiter = {
          entry,
          start: (place) => {
            signal.removeEventListener("abort", stop);
            resolve(place);
          },
        };
        line.push(waiter);
        signal.addEventListener("abort", stop, { once: true });
        startNext();
      }),
    placeOf(entry) {
      const at = inOrder(line.map((waiter) => waiter.entry)).indexOf(entry);
      if (at === -1) return undefined;
      return { position: at + 1, length: line.length, seconds: secondsAt(at + 1) };
    },
    moved: () => moved.promise,
    setLimit(next) {
      limit = next;
      startNext();
    },
    get state() {
      const count = (priority: Priority) =>
        line.filter(({ entry }) => entry.priority === priority).length;
      const [person, api, background] = PRIORITIES.map(count);
      const seconds = running.size < limit ? 0 : secondsAt(line.length + 1);
      const waiting = { person: person ?? 0, api: api ?? 0, background: background ?? 0 };
      return { running: running.size, limit, waiting, seconds };
    },
  };
}

const GIVE_WAY = "a person needs the place";
