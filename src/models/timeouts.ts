/**
 * Three limits on a chat, because waiting has three reasons: a model that loads and reads a long prompt,
 * a server that has stopped, and an answer that never ends.
 */

import { Fault } from "../base/fault.ts";
import type { Clock } from "../base/clock.ts";
import type { ChatEvent } from "./provider.ts";

export type Timeouts = {
  firstTokenMs: number;
  betweenTokensMs: number;
  totalMs: number;
};

/** A 20 GB model from a slow disk takes 2 minutes, 10,000 tokens at 25 a second on a CPU 7 more. */
const FIRST_TOKEN_S = 600;
/** No server that works is silent for so long in mid-answer; one that swaps a model in may be nearly. */
const BETWEEN_TOKENS_S = 120;
/** 10,000 tokens at 3 a second: longer answers are loops. */
const TOTAL_S = 3600;
/** After `done` nothing comes but the end of the body, at once; a connection is not worth more. */
const AFTER_DONE_MS = 500;

/** `timeoutSeconds` of the config is the longest wait for the first token; the others keep up with it. */
export function toTimeouts(timeoutSeconds: number = FIRST_TOKEN_S): Timeouts {
  return {
    firstTokenMs: timeoutSeconds * 1000,
    betweenTokensMs: Math.min(timeoutSeconds, BETWEEN_TOKENS_S) * 1000,
    totalMs: Math.max(TOTAL_S, timeoutSeconds * 2) * 1000,
  };
}

type Limit = { what: string; ms: number };

/** How late a limit may be noticed: nobody minds a second, and a timer for each token would cost one. */
const LOOK_EVERY_MS = 1000;

/** Of a reason of its own: to make an AbortError for each chat takes 40 µs. */
const OVER = "over";

/** Looks after one chat: aborts its signal with `MODEL_TIMEOUT` when a limit is passed. */
export function createWatch(provider: string, timeouts: Timeouts, clock: Clock) {
  const stop = new AbortController();
  const asleep = new AbortController();
  const lookEveryMs = Math.min(LOOK_EVERY_MS, ...Object.values(timeouts));
  const total: Limit = { what: "end", ms: timeouts.totalMs };
  const startedMs = clock.elapsedMs();
  /** Undefined while the reader is busy with an event: the server is not late then. */
  let waitingSinceMs: number | undefined = startedMs;
  let limit: Limit = { what: "first token", ms: timeouts.firstTokenMs };
  let finished = false;

  function passedLimit(): Limit | undefined {
    const nowMs = clock.elapsedMs();
    if (waitingSinceMs !== undefined && nowMs - waitingSinceMs >= limit.ms) return limit;
    return !finished && nowMs - startedMs >= total.ms ? total : undefined;
  }

  async function watch(): Promise<void> {
    let passed = passedLimit();
    while (!passed) {
      await clock.sleep(lookEveryMs, asleep.signal);
      passed = passedLimit();
    }
    const { what, ms } = passed;
    stop.abort(new Fault("MODEL_TIMEOUT", { provider, what, seconds: Math.ceil(ms / 1000) }));
  }

  // It is woken by `end` alone, and that rejection has nobody to tell.
  watch().catch(() => undefined);

  return {
    signal: stop.signal,
    get finished() {
      return finished;
    },
    pause() {
      waitingSinceMs = undefined;
    },
    resume(event: ChatEvent) {
      waitingSinceMs = clock.elapsedMs();
      if (event.type === "done") {
        finished = true;
        limit = { what: "end", ms: AFTER_DONE_MS };
      } else if (event.type !== "progress") {
        limit = { what: "next token", ms: timeouts.betweenTokensMs };
      }
    },
    end: () => asleep.abort(OVER),
  };
}
