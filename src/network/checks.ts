import { Fault } from "../base/fault.ts";
import type { Check, Result } from "../protocol/check.ts";
import type { Mode } from "../protocol/event.ts";
import type { Doors } from "../process/doors.ts";
import type { ModeSwitch } from "./egress.ts";
import type { Ledger } from "./ledger.ts";
import { narrower } from "./mode-term.ts";

export type NetworkCheckOptions = {
  doors: Pick<Doors, "guarded">;
  mode: Pick<ModeSwitch, "mode" | "cap">;
  /** The mode that a person set last, as it is stored. */
  storedMode: () => Mode | undefined;
  ledger: Pick<Ledger, "flush" | "failure">;
  ledgerPath: string;
};

/** What `doctor` looks at in this room. */
export function createNetworkChecks(options: NetworkCheckOptions): Check[] {
  return [checkGuard(options), checkMode(options), checkLedger(options)];
}

function checkGuard({ doors }: NetworkCheckOptions): Check {
  return {
    code: "network.guard",
    title: "The guard stands before every socket",
    dependsOn: [],
    async run(): Promise<Result> {
      if (doors.guarded) return { state: "ok", detail: "its preload was loaded first" };
      return { state: "failed", fault: new Fault("GUARD_MISSING", {}).toJSON() };
    },
  };
}

function checkMode({ mode, storedMode }: NetworkCheckOptions): Check {
  return {
    code: "network.mode",
    title: "The mode is the one that was set",
    dependsOn: [],
    async run(): Promise<Result> {
      const stored = storedMode();
      const { cap } = mode;
      if (stored && narrower(stored, cap) !== stored) {
        const fault = new Fault("MODE_CAPPED", { mode: stored, cap });
        return { state: "warning", fault: fault.toJSON() };
      }
      return { state: "ok", detail: `${mode.mode}; config allows ${cap} at most` };
    },
  };
}

function checkLedger({ ledger, ledgerPath }: NetworkCheckOptions): Check {
  return {
    code: "network.ledger",
    title: "The ledger can be written",
    dependsOn: [],
    async run(): Promise<Result> {
      ledger.flush();
      const failure = ledger.failure();
      if (!failure) return { state: "ok", detail: ledgerPath };
      const fault = new Fault("LEDGER_UNWRITABLE", { path: ledgerPath, detail: failure.message });
      return { state: "failed", fault: fault.toJSON() };
    },
  };
}
