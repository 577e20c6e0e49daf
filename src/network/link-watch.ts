/** Keeps the link's state: feeds it what is seen, carries its effects out. */

import type { Clock } from "../base/clock.ts";
import type { Log } from "../base/log.ts";
import type { LinkOverride, Mode } from "../protocol/event.ts";
import type { LinkWatch, Reach } from "./link.ts";
import { dueInMs, initialLink, type Footing, type Signal, stepLink } from "./link-state.ts";

export type LinkWatchOptions = {
  mode: () => Mode;
  /** How many hosts of the internet the config names. */
  hosts: number;
  /** Whether the config names a host of the LAN or the mesh. */
  named: boolean;
  /** Reads what the system tells; quick, and without waiting. */
  look: () => Footing;
  clock: Clock;
  log: Log;
  /** What a person said before. */
  override?: LinkOverride | undefined;
  /** False where nobody stays to see a change: then it looks when it is asked. */
  stays: boolean;
};

/** Nobody notices five seconds; a laptop's battery notices one. */
const LOOK_MS = 5_000;
/** Whoever asks gets an answer that is no older. */
const FRESH_MS = 1_000;

export function createLinkWatch(options: LinkWatchOptions): LinkWatch {
  const { clock, log, mode, look } = options;
  const listeners = new Set<(reach: Reach) => void>();
  const instant = () => ({ wallMs: clock.now(), elapsedMs: clock.elapsedMs() });
  const closed = new AbortController();
  let state = initialLink(look(), instant(), options.hosts);
  let lookedMs = clock.elapsedMs();
  if (options.override)
    state = stepLink(state, { kind: "override", said: options.override }, instant()).state;

  const shown = (): Reach => {
    const { link, reason, since } = state;
    return { mode: mode(), link, reason, since, named: options.named };
  };

  function feed(signal: Signal): void {
    const step = stepLink(state, signal, instant());
    state = step.state;
    for (const effect of step.effects) {
      log.info(
        { ...effect },
        effect.kind === "woke" ? "the machine has slept" : "the link has changed",
      );
      if (effect.kind === "changed") tell();
    }
  }

  function tell(): void {
    for (const listener of listeners) {
      try {
        listener(shown());
      } catch (error) {
        log.error({ error }, "a listener failed on a change of the link");
      }
    }
  }

  function lookNow(): void {
    lookedMs = clock.elapsedMs();
    feed({ kind: "look", footing: look() });
  }

  async function keepLooking(signal: AbortSignal): Promise<void> {
    for (;;) {
      await clock.sleep(
        Math.min(LOOK_MS, Math.max(dueInMs(state) ?? LOOK_MS, MIN_PAUSE_MS)),
        signal,
      );
      lookNow();
    }
  }
  if (options.stays) void keepLooking(closed.signal).catch(() => undefined); // closed

  return {
    reach() {
      if (clock.elapsedMs() - lookedMs >= FRESH_MS) lookNow();
      return shown();
    },
    saw(outcome) {
      // What failed may have failed because the cable is out; that is the better reason.
      if (outcome.verdict === "failed") lookNow();
      feed({ kind: "outcome", outcome });
    },
    checked(outcome) {
      lookNow();
      feed({ kind: "checked", outcome });
    },
    override: (said) => feed({ kind: "override", said }),
    get overridden() {
      return state.override;
    },
    onChange(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    close: () => closed.abort(),
  };
}

/** So that a state that is due at once, again and again, would not keep a processor busy. */
const MIN_PAUSE_MS = 100;
