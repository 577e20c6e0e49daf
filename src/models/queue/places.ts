/** Who uses a server now: how many, how long they take, and who of them would give way. */

import type { Clock } from "../../base/clock.ts";
import { isAged, type Waiting } from "./order.ts";

export type Entry = Waiting & {
  /** How often it gave way. */
  gaveWay: number;
};

/** The right to use the server. */
export type Place = {
  /** Ends where a person needs the place; absent for what need not give way. */
  giveWay?: AbortSignal;
  /** To be called once it is over; again it does nothing. */
  leave(): void;
};

export interface Places {
  readonly taken: number;
  /** The model that was asked for last: it is loaded, as far as can be told from here. */
  readonly loaded: string | undefined;
  /** What a place is used for on the average; undefined where nothing has ended yet. */
  readonly meanMs: number | undefined;
  occupy(entry: Entry): Place;
  /** Stops as much of the background as there are people waiting; each stopped one holds its place till its end. */
  makeRoom(people: number): void;
}

/** Then it is let finish: what is begun anew for ever does nothing but heat the room. */
const MAX_GAVE_WAY = 3;
/** A new answer counts for a third of what is expected of the next. */
const NEWS_WEIGHT = 1 / 3;

type Runner = { entry: Entry; startedMs: number; stop: AbortController | undefined };

export function createPlaces(clock: Clock, onLeave: () => void): Places {
  let loaded: string | undefined;
  let meanMs: number | undefined;
  const running = new Set<Runner>();

  function leave(runner: Runner): void {
    if (!running.delete(runner)) return;
    const tookMs = clock.elapsedMs() - runner.startedMs;
    if (runner.stop?.signal.aborted) runner.entry.gaveWay += 1;
    else meanMs = meanMs === undefined ? tookMs : meanMs + (tookMs - meanMs) * NEWS_WEIGHT;
    onLeave();
  }

  return {
    get taken() {
      return running.size;
    },
    get loaded() {
      return loaded;
    },
    get meanMs() {
      return meanMs;
    },
    occupy(entry) {
      const mayStop = entry.priority === "background" && entry.gaveWay < MAX_GAVE_WAY;
      const stop = mayStop ? new AbortController() : undefined;
      const runner: Runner = { entry, startedMs: clock.elapsedMs(), stop };
      running.add(runner);
      loaded = entry.model;
      return { ...(stop && { giveWay: stop.signal }), leave: () => leave(runner) };
    },
    makeRoom(people) {
      let wanted = people;
      for (const { entry, stop, startedMs } of running) {
        if (stop?.signal.aborted) wanted -= 1;
        else if (stop && wanted > 0 && !isAged(entry, startedMs)) {
          stop.abort(GIVE_WAY);
          wanted -= 1;
        }
      }
    },
  };
}

const GIVE_WAY = "a person needs the place";
