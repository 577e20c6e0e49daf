/** The list of what a drill did: each step with its outcome, and nothing after one that the rest stands on. */

import type { Clock } from "../../base/clock.ts";
import { Fault } from "../../base/fault.ts";

export type Step = {
  /** Stable, such as "tool". */
  step: StepName;
  ok: boolean;
  /** What was seen, or what went wrong. */
  detail: string;
  ms: number;
};

export const STEPS = {
  bundle: "a bundle is there",
  restore: "it is whole, and was put into a folder of its own",
  files: "each file that was put into place is there",
  gateway: "the gateway starts from it, with no way out",
  off: "the network is off",
  health: "it is healthy",
  model: "the model of the config answers",
  chat: "a chat is answered",
  stream: "a streamed chat is answered",
  tool: "a tool does what it is asked to",
  search: "a document is found",
  app: "the app is served",
  silence: "nothing left meanwhile",
  recovery: "the way out comes back, and nothing is sent by itself",
  canaries: "no canary gets out",
  control: "each control is seen to get out",
} as const;

export type StepName = keyof typeof STEPS;

export interface Steps {
  readonly done: readonly Step[];
  /**
   * Runs one. True where it went well; a fault makes it one that failed, anything else is thrown. `act` returns what
   * was seen.
   */
  run(step: StepName, act: () => Promise<string>): Promise<boolean>;
}

export function createSteps(
  clock: Pick<Clock, "elapsedMs">,
  tell: (text: string) => void,
  signal: AbortSignal,
): Steps {
  const done: Step[] = [];
  return {
    done,
    async run(step, act) {
      signal.throwIfAborted();
      tell(STEPS[step]);
      const fromMs = clock.elapsedMs();
      const note = (ok: boolean, detail: string) => {
        done.push({ step, ok, detail, ms: Math.round(clock.elapsedMs() - fromMs) });
        return ok;
      };
      try {
        return note(true, await act());
      } catch (error) {
        signal.throwIfAborted();
        if (!(error instanceof Fault)) throw error;
        return note(false, toDetail(error));
      }
    },
  };
}

/** What a step itself found is told in its own words; another fault with its code and what to do. */
function toDetail(fault: Fault): string {
  const { code, message, fix } = fault;
  if (code !== "DRILL_STEP") return `${code}: ${message}. ${fix ?? ""}`.trim();
  return message.replace("Cannot pass a step of the drill: ", "");
}

export const missed = (detail: string) => new Fault("DRILL_STEP", { detail });
