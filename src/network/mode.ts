import { z } from "zod";

import type { Clock } from "../base/clock.ts";
import { Fault } from "../base/fault.ts";
import type { Log } from "../base/log.ts";
import type { Mode } from "../protocol/event.ts";
import type { ModeSwitch } from "./egress.ts";
import type { Ledger } from "./ledger.ts";
import { afterRestart, endTerm, type ModeState, modeOf, setMode, widens } from "./mode-term.ts";
import { WIDTH } from "./policy.ts";
import { jsonText } from "./json-text.ts";

export type ModeSwitchOptions = {
  /** The setting `offline`: true caps the mode at private. */
  offline: boolean;
  /** What `write` was given last, or undefined when it never was. */
  read(): string | undefined;
  write(text: string): void | Promise<void>;
  ledger: Pick<Ledger, "append">;
  clock: Clock;
  log: Log;
};

/** A clock that was changed, or a machine that slept, is noticed within it. */
const LOOK_MS = 60_000;

/** The mode, kept over restarts. A stored mode that is wider than config allows is narrowed, not forgotten. */
export function createModeSwitch(options: ModeSwitchOptions): ModeSwitch {
  const { log, clock } = options;
  const cap: Mode = options.offline ? "private" : "internet";
  const ears = createEars(options);
  let state = afterRestart(parseMode(options.read()), clock.now());
  let mode = modeOf(state, cap);
  /** A widening ends by the clock that never jumps, too. */
  let endsMs = endOf(state, clock);
  const timer = createTimer(clock, tidy);
  let latest = 0;
  const write = async (next: ModeState) => options.write(writeMode(next));

  function adopt(next: ModeState, why?: string): void {
    state = next;
    endsMs = endOf(next, clock);
    timer.set(next);
    const was = mode;
    mode = modeOf(next, cap);
    if (mode !== was) ears.tell(mode, why);
  }

  /** Ends what is over; also asked before each answer, so that no timer has to be punctual. */
  function tidy(): void {
    const isSpent = clock.elapsedMs() >= endsMs && widens(state);
    const next = isSpent ? { kept: state.kept, term: undefined } : endTerm(state, clock.now());
    if (next === state) return;
    adopt(next, "the time it was set for is over");
    void write(next).catch((error: unknown) =>
      log.error({ err: error }, "a mode that has ended could not be written"),
    );
  }

  timer.set(state);
  return {
    get mode() {
      tidy();
      return mode;
    },
    get state() {
      tidy();
      return state;
    },
    cap,
    async set(wanted, { by = "", term } = {}) {
      if (WIDTH[wanted] > WIDTH[cap]) throw new Fault("MODE_CAPPED", { mode: wanted, cap });
      tidy();
      const turn = (latest += 1);
      const at = clock.now();
      const until = typeof term === "object" ? at + term.forMs : term;
      const next = setMode(state, { mode: wanted, by, at }, until);
      // Narrower holds at once, even where it cannot be written; wider only after it was.
      const isNarrower = WIDTH[modeOf(next, cap)] < WIDTH[mode];
      if (isNarrower) adopt(next);
      await write(next);
      // Somebody may have set another meanwhile; the later word counts.
      if (!isNarrower && turn === latest) adopt(next);
    },
    onChange: ears.onChange,
    close: () => timer.close(),
  };
}

function endOf({ term }: ModeState, clock: Clock): number {
  const forMs = term && term.until !== "restart" ? term.until - clock.now() : Infinity;
  return clock.elapsedMs() + forMs;
}

/** Calls `tidy` when a term ends, and now and then before that. */
function createTimer(clock: Clock, tidy: () => void) {
  let timing = new AbortController();
  async function wait({ term }: ModeState): Promise<void> {
    timing.abort();
    const { signal } = (timing = new AbortController());
    if (typeof term?.until !== "number") return;
    for (;;) {
      const leftMs = Math.max(1, Math.min(term.until - clock.now(), LOOK_MS));
      await clock.sleep(leftMs, signal);
      tidy();
      signal.throwIfAborted();
    }
  }
  return {
    /** From now on it is this one that ends. */
    set: (state: ModeState) => void wait(state).catch(() => undefined), // a newer one, or the end
    close: () => timing.abort(),
  };
}

/** Those who hear of each change, and the ledger. */
function createEars({ ledger, log }: Pick<ModeSwitchOptions, "ledger" | "log">) {
  const listeners = new Set<(mode: Mode) => void>();
  return {
    tell(next: Mode, why: string | undefined): void {
      ledger.append({
        kind: "mode",
        purpose: "network.mode",
        host: next,
        address: "",
        sentBytes: 0,
        receivedBytes: 0,
        verdict: "allowed",
        ...(why === undefined ? {} : { why }),
      });
      for (const listener of listeners) {
        try {
          listener(next);
        } catch (error) {
          // One that fails must not keep the others from closing what the mode forbids.
          log.error({ error }, "a listener failed on a change of mode");
        }
      }
    },
    onChange(listener: (mode: Mode) => void) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}

/** What holds until the restart is not written: it would hold after it. */
function writeMode({ kept, term }: ModeState): string {
  return JSON.stringify({ kept, ...(term && term.until !== "restart" && { term }) });
}

/** What cannot be read is as though nobody had set anything: then the mode is the default. */
export function parseMode(text: string | undefined): ModeState {
  const plain = ModeName.safeParse(text);
  // Once it was the bare word.
  if (plain.success) return { kept: { mode: plain.data, by: "", at: 0 }, term: undefined };
  const parsed = Stored.safeParse(text ?? "");
  return parsed.success
    ? { kept: parsed.data.kept, term: parsed.data.term }
    : { kept: undefined, term: undefined };
}

const ModeName = z.enum(["device", "private", "internet"]);
const SaidShape = z.object({ mode: ModeName, by: z.string(), at: z.number() });

const Stored = jsonText.pipe(
  z.object({
    kept: SaidShape.optional(),
    term: SaidShape.extend({ until: z.number() }).optional(),
  }),
);
