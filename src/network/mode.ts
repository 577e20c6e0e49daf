import type { Mode } from "../protocol/event.ts";
import { Fault } from "../base/fault.ts";
import type { Log } from "../base/log.ts";
import type { ModeSwitch } from "./egress.ts";
import type { Ledger } from "./ledger.ts";
import { WIDTH } from "./policy.ts";

export type ModeSwitchOptions = {
  /** The setting `offline`: true caps the mode at private. */
  offline: boolean;
  /** The mode that a person set last, or undefined when nobody ever did. */
  read(): Mode | undefined;
  write(mode: Mode): void | Promise<void>;
  ledger: Pick<Ledger, "append">;
  log: Log;
};

/** What holds until a person says otherwise: LAN hosts that config names, and no internet. */
export const DEFAULT_MODE: Mode = "private";

/** The mode, kept over restarts. A stored mode that is wider than config allows is narrowed, not forgotten. */
export function createModeSwitch(options: ModeSwitchOptions): ModeSwitch {
  const { ledger, log } = options;
  const cap: Mode = options.offline ? "private" : "internet";
  const listeners = new Set<(mode: Mode) => void>();
  let mode = narrower(options.read() ?? DEFAULT_MODE, cap);

  function apply(next: Mode): void {
    if (next === mode) return;
    mode = next;
    ledger.append({
      kind: "mode",
      purpose: "network.mode",
      host: next,
      address: "",
      sentBytes: 0,
      receivedBytes: 0,
      verdict: "allowed",
    });
    for (const listener of listeners) {
      try {
        listener(next);
      } catch (error) {
        // One that fails must not keep the others from closing what the mode forbids.
        log.error({ error }, "a listener failed on a change of mode");
      }
    }
  }

  return {
    get mode() {
      return mode;
    },
    cap,
    async set(next) {
      if (WIDTH[next] > WIDTH[cap]) throw new Fault("MODE_CAPPED", { mode: next, cap });
      // Narrower holds at once, even where it cannot be written; wider only after it was.
      if (WIDTH[next] < WIDTH[mode]) apply(next);
      await options.write(next);
      apply(next);
    },
    onChange(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
  };
}

/** The narrower of two modes. */
export function narrower(one: Mode, other: Mode): Mode {
  return WIDTH[one] <= WIDTH[other] ? one : other;
}
