/** Follows `/api/events` for as long as it may: reads, notices silence, and connects again from its cursor. */

import type { AppEvent } from "../../../src/protocol/event.ts";
import { ApiFault } from "./api.ts";
import { readSse } from "./sse.ts";

export type LinkState =
  | { state: "connecting" }
  | { state: "open" }
  /** `retryAt` in milliseconds since 1970. */
  | { state: "lost"; retryAt: number };

export interface StreamDeps {
  events(after: string | null, signal: AbortSignal): Promise<Response>;
  /** `fresh`: events may have been missed, so what is shown must be fetched anew. */
  onOpen(fresh: boolean): void;
  onEvent(cursor: string, event: AppEvent): void;
  onLost(retryAt: number): void;
  now(): number;
  /** Resolves after `ms`, or sooner when there is reason to hope (online again, a person asked). */
  wait(ms: number, signal: AbortSignal): Promise<void>;
}

/** Heartbeats come every 20 s or so; three missed mean that nobody is there any more. */
const SILENCE_MS = 60_000;
const FIRST_RETRY_MS = 500;
/** Long enough to be no load on a gateway that is down, short enough that nobody reloads the page. */
const LONGEST_RETRY_MS = 15_000;

/** Runs until the signal aborts or the device is no longer paired. Never throws. */
export async function followStream(
  deps: StreamDeps,
  after: string | null,
  signal: AbortSignal,
): Promise<void> {
  let cursor = after;
  for (let failures = 0; !signal.aborted; failures++) {
    const silence = createSilence(signal);
    let pieces = 0;
    try {
      const response = await deps.events(cursor, silence.signal);
      deps.onOpen(cursor === null);
      const body = response.body ?? new ReadableStream();
      const onActivity = () => {
        silence.heard();
        // The first comes with the head, also from a gateway that is about to fall over again.
        if (++pieces > 1) failures = 0;
      };
      for await (const { id, data } of readSse(body, onActivity)) {
        failures = 0;
        cursor = id;
        // The gateway wrote this line from the same type.
        deps.onEvent(id, JSON.parse(data) as AppEvent);
      }
    } catch (error) {
      if (signal.aborted || (error instanceof ApiFault && error.status === 401)) return;
      // What refuses a cursor is mended by asking without one; anything else by trying again.
      if (error instanceof ApiFault && error.status < 500) cursor = null;
    } finally {
      silence.end();
    }
    if (signal.aborted) return;
    const waitMs = retryDelayMs(failures);
    deps.onLost(deps.now() + waitMs);
    await deps.wait(waitMs, signal);
  }
}

export function retryDelayMs(failures: number): number {
  return Math.min(FIRST_RETRY_MS * 2 ** failures, LONGEST_RETRY_MS);
}

/** Aborts when nothing was heard for too long: a sleeping laptop leaves connections that never end. */
function createSilence(signal: AbortSignal) {
  const controller = new AbortController();
  const abort = () => controller.abort();
  let timer = setTimeout(abort, SILENCE_MS);
  signal.addEventListener("abort", abort, { once: true });
  return {
    signal: controller.signal,
    heard: () => {
      clearTimeout(timer);
      timer = setTimeout(abort, SILENCE_MS);
    },
    end: () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", abort);
    },
  };
}
