/**
 * The mode that a person keeps, and one that holds for a while before it. Pure. When the while is over, what
 * was kept holds again: a mode never ends in one that is wider than a person has set for good.
 */

import type { Mode } from "../protocol/event.ts";
import { WIDTH } from "./policy.ts";

export type Said = {
  mode: Mode;
  /** The person's id; empty where it was not noted. */
  by: string;
  /** In ms since 1970. */
  at: number;
};

/** For a while: until that moment, or until the gateway starts anew. */
export type Term = Said & { until: number | "restart" };

export type ModeState = {
  /** What holds when nothing else does; undefined when nobody ever set one. */
  readonly kept: Said | undefined;
  readonly term: Term | undefined;
};

/** What holds until a person says otherwise: LAN hosts that config names, and no internet. */
export const DEFAULT_MODE: Mode = "private";

export const keptMode = ({ kept }: ModeState): Mode => kept?.mode ?? DEFAULT_MODE;

export const modeOf = (state: ModeState, cap: Mode): Mode =>
  narrower(state.term?.mode ?? keptMode(state), cap);

/** Without a term it is for good, and whatever held for a while is over. */
export function setMode(state: ModeState, said: Said, until?: Term["until"]): ModeState {
  if (until === undefined) return { kept: said, term: undefined };
  return { kept: state.kept, term: { ...said, until } };
}

/**
 * The state without a term that is over. One that widens is over as well when the clock stands before the
 * moment when it was set: a clock that was put back must not prolong it.
 */
export function endTerm(state: ModeState, nowMs: number): ModeState {
  const { term } = state;
  if (!term) return state;
  const isOver = term.until !== "restart" && nowMs >= term.until;
  const isDoubtful = nowMs < term.at && widens(state);
  return isOver || isDoubtful ? { kept: state.kept, term: undefined } : state;
}

/** Whether what holds for a while is wider than what is kept. */
export const widens = (state: ModeState): boolean =>
  state.term !== undefined && WIDTH[state.term.mode] > WIDTH[keptMode(state)];

/** What is left of it after a restart. */
export const afterRestart = (state: ModeState, nowMs: number): ModeState =>
  endTerm(state.term?.until === "restart" ? { kept: state.kept, term: undefined } : state, nowMs);

/** The narrower of two modes. */
export function narrower(one: Mode, other: Mode): Mode {
  return WIDTH[one] <= WIDTH[other] ? one : other;
}
