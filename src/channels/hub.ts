/**
 * Who sees what happens: each person's events, in order, under a cursor `epoch:seq`. The newest are kept
 * in a ring, so that a reader that was cut off goes on where it was. A reader holds a place in the ring and
 * nothing else: one that does not read costs no memory.
 */

import { randomBytes } from "node:crypto";

import type { AppEvent } from "../protocol/event.ts";

export interface Hub {
  publish(person: string, event: AppEvent): void;
  /** To everyone who has been seen in this run: what concerns the gateway and not a session. */
  publishToAll(event: AppEvent): void;
  /** Calls back for each event from now on. Returns how to stop. A listener must not throw. */
  watch(person: string, listener: (event: AppEvent) => void): () => void;
  /** Where this person's events stand now. Somebody who is told a cursor may count on it being a seam. */
  cursor(person: string): string;
  /** Whether an event of this session that changes its stored messages came after the cursor. */
  changedSince(person: string, cursor: string, session: string): boolean;
  /** Begins after the cursor; from now on without one. */
  follow(person: string, after: string | undefined, wake: () => void): Follower;
}

export interface Follower {
  /** What came since the last call, about `BATCH_BYTES` of it; `resync` alone when the place is gone. */
  take(): Placed[];
  close(): void;
}

/** `seam`: a reader was told this cursor; joining what comes after to what came before would give it both. */
export type Placed = { cursor: string; event: AppEvent; seam?: true };

export type HubLimits = { events: number; sizeBytes: number };

/** Ten thousand deltas are a minute of a fast model; 4 MiB a person is what a phone may miss in a tunnel. */
const LIMITS: HubLimits = { events: 10_000, sizeBytes: 4 * 1024 * 1024 };
/** Handed out at once, as measured by `sizeOf`: about one full socket buffer. */
const BATCH_BYTES = 64 * 1024;
/** What an event costs beside its text, measured roughly: ids, object headers, the array's slot. */
const EVENT_OVERHEAD_BYTES = 200;
/** Empty slots at the front of a ring before it is moved down: rare enough to cost nothing. */
const COMPACT_AFTER = 2048;

type Ring = {
  events: ({ event: AppEvent; sizeBytes: number } | undefined)[];
  /** Index in `events` of the oldest one kept, and the number that it has. */
  start: number;
  firstSeq: number;
  sizeBytes: number;
  /** Numbers that were told as cursors, as far as their events are kept. */
  seams: Set<number>;
  listeners: Set<(event: AppEvent) => void>;
};

export function createHub(limits: HubLimits = LIMITS): Hub {
  // A cursor of an earlier run must not fit this one, whatever its number.
  const epoch = randomBytes(6).toString("hex");
  const rings = new Map<string, Ring>();

  const ringOf = (person: string): Ring => {
    let ring = rings.get(person);
    if (!ring) {
      ring = {
        events: [],
        start: 0,
        firstSeq: 1,
        sizeBytes: 0,
        seams: new Set(),
        listeners: new Set(),
      };
      rings.set(person, ring);
    }
    return ring;
  };
  const publish = (person: string, event: AppEvent) => {
    const ring = ringOf(person);
    push(ring, event, limits);
    for (const listener of ring.listeners) listener(event);
  };
  const watch = (person: string, listener: (event: AppEvent) => void) => {
    const ring = ringOf(person);
    // A wrapper of its own, so that the same function may watch twice.
    const own = (event: AppEvent) => listener(event);
    ring.listeners.add(own);
    return () => void ring.listeners.delete(own);
  };
  return {
    publish,
    publishToAll: (event) => {
      for (const person of rings.keys()) publish(person, event);
    },
    watch,
    cursor: (person) => {
      const ring = ringOf(person);
      ring.seams.add(lastSeq(ring));
      return `${epoch}:${lastSeq(ring)}`;
    },
    changedSince: (person, cursor, session) => {
      const ring = ringOf(person);
      const seq = readCursor(cursor, epoch, ring);
      return (
        seq === undefined ||
        since(ring, seq, Infinity).some((event) => changesMessages(event, session))
      );
    },
    follow: (person, after, wake) => {
      const ring = ringOf(person);
      let place = after === undefined ? lastSeq(ring) : readCursor(after, epoch, ring);
      const close = watch(person, wake);
      return {
        take: () => {
          const cursor = (seq: number) => `${epoch}:${seq}`;
          if (place === undefined || place < ring.firstSeq - 1) {
            place = lastSeq(ring);
            return [{ cursor: cursor(place), event: { type: "resync" } }];
          }
          const from = place;
          const events = since(ring, from, BATCH_BYTES);
          place = from + events.length;
          return events.map((event, index) => {
            const seq = from + index + 1;
            return { cursor: cursor(seq), event, ...(ring.seams.has(seq) ? { seam: true } : {}) };
          });
        },
        close,
      };
    },
  };
}

function push(ring: Ring, event: AppEvent, limits: HubLimits): void {
  const sizeBytes = sizeOf(event);
  ring.events.push({ event, sizeBytes });
  ring.sizeBytes += sizeBytes;
  while (
    ring.events.length - ring.start > limits.events ||
    (ring.sizeBytes > limits.sizeBytes && ring.start < ring.events.length)
  ) {
    ring.sizeBytes -= ring.events[ring.start]?.sizeBytes ?? 0;
    ring.events[ring.start] = undefined;
    ring.start += 1;
    ring.seams.delete(ring.firstSeq - 1);
    ring.firstSeq += 1;
  }
  if (ring.start > COMPACT_AFTER) {
    ring.events.splice(0, ring.start);
    ring.start = 0;
  }
}

const lastSeq = (ring: Ring): number => ring.firstSeq + ring.events.length - ring.start - 1;

/** What came after `seq`, until `mostBytes` are reached; at least one where there is one. */
function since(ring: Ring, seq: number, mostBytes: number): AppEvent[] {
  const events: AppEvent[] = [];
  let sizeBytes = 0;
  const from = ring.start + Math.max(0, seq + 1 - ring.firstSeq);
  for (let index = from; index < ring.events.length && sizeBytes < mostBytes; index += 1) {
    const kept = ring.events[index];
    if (!kept) continue;
    events.push(kept.event);
    sizeBytes += kept.sizeBytes;
  }
  return events;
}

/** The number in a cursor of this run; undefined for one of another run, a forged one, or one too old. */
function readCursor(cursor: string, epoch: string, ring: Ring): number | undefined {
  const match = /^([0-9a-f]{12}):(\d{1,15})$/.exec(cursor);
  const seq = Number(match?.[2]);
  if (match?.[1] !== epoch || seq > lastSeq(ring) || seq < ring.firstSeq - 1) return undefined;
  return seq;
}

/** Text arrives token by token: its size is guessed, so that nothing is serialised twice for it. */
function sizeOf(event: AppEvent): number {
  if (event.type === "turn" && (event.event.type === "text" || event.event.type === "reasoning")) {
    return EVENT_OVERHEAD_BYTES + 2 * event.event.text.length;
  }
  return EVENT_OVERHEAD_BYTES + 2 * JSON.stringify(event).length;
}

function changesMessages(event: AppEvent, session: string): boolean {
  if (event.type === "message") return event.message !== undefined && event.session === session;
  return event.type === "session-deleted" && event.session === session;
}
