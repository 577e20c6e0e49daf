/**
 * One queue before each server. Servers queue by themselves, but first come first served: a person would
 * wait behind every scheduled job. So no more goes out at once than the server takes in; `order.ts` says
 * who is next, and work in the background gives way where a person would have to wait.
 */

import type { Clock } from "../../base/clock.ts";
import { inOrder, nextOf, type Priority } from "./order.ts";
import { createPlaces, type Entry, type Place } from "./places.ts";

export type { Entry, Place } from "./places.ts";

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

type Waiter = { entry: Entry; start: (place: Place) => void };

export function createScheduler(clock: Clock, limitAtFirst: number): Scheduler {
  let limit = limitAtFirst;
  let line: Waiter[] = [];
  let moved = Promise.withResolvers<void>();
  const places = createPlaces(clock, startNext);

  const move = () => {
    moved.resolve();
    moved = Promise.withResolvers<void>();
  };
  const count = (priority: Priority) =>
    line.filter(({ entry }) => entry.priority === priority).length;

  function startNext(): void {
    while (places.taken < limit && line.length > 0) {
      const entries = line.map(({ entry }) => entry);
      const turn = nextOf(entries, places.loaded, clock.elapsedMs());
      const waiter = line.find(({ entry }) => entry === turn?.next);
      if (!turn || !waiter) break;
      for (const entry of turn.overtakes) entry.overtaken += 1;
      line = line.filter((one) => one !== waiter);
      waiter.start(places.occupy(waiter.entry));
    }
    places.makeRoom(count("person"));
    move();
  }

  /** A guess: so many rounds of the usual length. */
  const secondsAt = (position: number) =>
    places.meanMs === undefined
      ? undefined
      : Math.ceil((Math.ceil(position / limit) * places.meanMs) / 1000);

  function wait(entry: Entry, signal: AbortSignal): Promise<Place> {
    return new Promise((resolve, reject) => {
      signal.throwIfAborted();
      const stop = () => {
        line = line.filter((one) => one !== waiter);
        reject(signal.reason);
        move();
      };
      const start = (place: Place) => {
        signal.removeEventListener("abort", stop);
        resolve(place);
      };
      const waiter: Waiter = { entry, start };
      line.push(waiter);
      signal.addEventListener("abort", stop, { once: true });
      startNext();
    });
  }

  return {
    join: (request) => ({ ...request, sinceMs: clock.elapsedMs(), overtaken: 0, gaveWay: 0 }),
    // Whoever waits is before one that comes; nobody waits while there is room.
    take: (entry) => (places.taken < limit && line.length === 0 ? places.occupy(entry) : undefined),
    wait,
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
      const seconds = places.taken < limit ? 0 : secondsAt(line.length + 1);
      const [person, api, background] = [count("person"), count("api"), count("background")];
      return { running: places.taken, limit, waiting: { person, api, background }, seconds };
    },
  };
}
