/** When a turn must end that would not end by itself. Pure: they look at what happened and decide. */

import { Fault } from "../base/fault.ts";
import type { Message, ToolCall } from "../protocol/message.ts";

export type Limits = {
  maxSteps: number;
  maxToolSeconds: number;
  maxTurnTokens: number;
};

/** Calls of one message beyond this are refused: a model that lists more has lost its way. */
export const MAX_CALLS_PER_MESSAGE = 16;

/** The third time the same call ends the same way the model is told, */
const TELL_AT = 3;
/** and where it goes on regardless the turn ends. */
const END_AT = 5;

export interface LoopGuard {
  /** Takes a call and its result in; returns the result, with a line for the model where one is due. */
  see(call: ToolCall, text: string): string;
  /** Throws `TURN_LOOPING` once a call was repeated beyond what the model was told. */
  check(): void;
}

/** Remembers per turn. After a crash it is filled again from what the turn has stored. */
export function createLoopGuard(turn: readonly Message[]): LoopGuard {
  const seen = new Map<string, { text: string; times: number }>();
  let looping: { tool: string; times: number } | undefined;
  const see = (call: ToolCall, text: string) => {
    const key = `${call.tool}\n${call.argumentsJson}`;
    const last = seen.get(key);
    const times = last?.text === text ? last.times + 1 : 1;
    seen.set(key, { text, times });
    if (times >= END_AT) looping = { tool: call.tool, times };
    return times === TELL_AT ? text + NUDGE : text;
  };
  const calls = new Map<string, ToolCall>();
  for (const message of turn) {
    if (message.role === "assistant")
      for (const call of message.toolCalls) calls.set(call.id, call);
    const call = message.role === "tool" ? calls.get(message.callId) : undefined;
    if (call)
      see(call, message.text.endsWith(NUDGE) ? message.text.slice(0, -NUDGE.length) : message.text);
  }
  return {
    see,
    check: () => {
      if (looping) throw new Fault("TURN_LOOPING", looping);
    },
  };
}

const NUDGE =
  "\n[This same call had this same result three times. Do something else, or answer the user now.]";

export interface Budget {
  /** Before each request. Throws `TURN_BUDGET` when one of the limits is reached. */
  check(): void;
  step(): void;
  tokens(fresh: number): void;
  toolTime(ms: number): void;
  toolMsLeft(): number;
  /** Counts all of the tools' time as used; returns the fault that ends them. */
  toolTimeIsUp(): Fault;
}

/** `stepsTaken` are those of this turn that a crash interrupted; time and tokens begin anew then. */
export function createBudget(limits: Limits, stepsTaken: number): Budget {
  let steps = stepsTaken;
  let tokens = 0;
  let toolMs = 0;
  const spent = (what: string, setting: keyof Limits) =>
    new Fault("TURN_BUDGET", { what, limit: limits[setting], setting });
  return {
    check: () => {
      if (steps >= limits.maxSteps) throw spent("steps", "maxSteps");
      if (tokens >= limits.maxTurnTokens) throw spent("tokens", "maxTurnTokens");
      if (toolMs >= limits.maxToolSeconds * 1000) throw spent(TOOL_TIME, "maxToolSeconds");
    },
    step: () => void steps++,
    tokens: (fresh) => void (tokens += fresh),
    toolTime: (ms) => void (toolMs += ms),
    toolMsLeft: () => Math.max(0, limits.maxToolSeconds * 1000 - toolMs),
    toolTimeIsUp: () => {
      toolMs = Infinity;
      return spent(TOOL_TIME, "maxToolSeconds");
    },
  };
}

const TOOL_TIME = "seconds for tools";
