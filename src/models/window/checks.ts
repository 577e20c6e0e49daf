/** What `doctor` says of windows and slots. It tells what is known and sends nothing to any server. */

import { Fault } from "../../base/fault.ts";
import type { Check, Result } from "../../protocol/check.ts";
import type { WindowReport } from "../../protocol/window.ts";

export type WindowCheckDeps = { reports: () => readonly WindowReport[] };

export const createWindowChecks = ({ reports }: WindowCheckDeps): Check[] => [
  {
    code: "models.window",
    title: "Servers hold the context that is asked of them",
    dependsOn: ["models.present"],
    async run() {
      const cut = reports().find(({ state }) => state === "cut");
      if (cut) {
        const { ref, contextTokens: wantedTokens, heldTokens } = cut;
        return warning(new Fault("MODEL_WINDOW_CUT", { ref, wantedTokens, heldTokens }));
      }
      const seen = reports().filter(({ state }) => state === "whole" || state === "counted");
      return ok(
        seen.length > 0
          ? `looked at and held: ${listed(seen)}`
          : "not looked at yet: it is, while nobody asks for anything, or by `isopod context check`",
      );
    },
  },
  {
    code: "models.slots",
    title: "Conversations that take turns stay in the server's cache",
    dependsOn: ["models.present"],
    async run() {
      const evicted = reports().find(({ slots }) => slots === "evicted");
      if (evicted) {
        const { ref, advice = "" } = evicted;
        return warning(new Fault("MODEL_SLOTS_EVICT", { ref, advice }));
      }
      const kept = reports().filter(({ slots }) => slots === "kept");
      return ok(kept.length > 0 ? `both are kept: ${listed(kept)}` : "not looked at yet");
    },
  },
];

const listed = (reports: readonly WindowReport[]) =>
  reports.map(({ ref, heldTokens }) => `${ref} (${heldTokens} tokens)`).join(", ");

const ok = (detail: string): Result => ({ state: "ok", detail });
const warning = (fault: Fault): Result => ({ state: "warning", fault: fault.toJSON() });
