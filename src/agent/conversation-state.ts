/** Where a conversation stands within a turn: who answers, with which head, and what was said. */

import { Fault } from "../base/fault.ts";
import type { Candidate } from "../models/candidate.ts";
import type { Priority } from "../models/queue/order.ts";
import { sees } from "../models/sight.ts";
import type { TurnEvent } from "../protocol/event.ts";
import { type Meter, planWindow, textLimitBytes, type Window } from "./context-window.ts";
import { type Head, headBytes } from "./head.ts";
import { createTranscript, type Entry, type Transcript } from "./history.ts";
import type { RequestLog } from "./prefix/requests.ts";
import type { Recorder } from "./recorder.ts";
import type { Note, StandIns } from "./stand-in.ts";
import type { TextGates } from "./text-gate.ts";

export type ConversationDeps = {
  head: Head;
  /** What follows the head's preface, raw. */
  entries: readonly Entry[];
  /** Never empty. The first one is asked; the others when it fails, for the rest of the turn. */
  candidates: readonly Candidate[];
  recorder: Recorder;
  meter: Meter;
  requests: RequestLog;
  /** A server has dropped a part of a prompt: it holds no more than so many tokens. */
  onCut?: ((ref: string, heldTokens: number) => void) | undefined;
  /** Whose turn it is, in which session; "" for one that is kept nowhere. */
  person: string;
  session: string;
  standIns: StandIns;
  /** "person" without it. */
  priority?: Priority;
  /** System text and tools for a model, and the notes as they are now. */
  openHead(candidate: Candidate): Promise<Head>;
  createGate: TextGates;
  /** The user's text that the turn is about. */
  request: string;
  /** Whether images came with it: who does not see cannot answer then. */
  shows: boolean;
};

export type State = {
  /** Index of the candidate that answers, for the rest of the turn. */
  at: number;
  /** Why the first one does not answer. */
  failed?: Fault;
  /** Whether it was said that the first one is not who was configured. */
  told: boolean;
  compactions: number;
  candidate: Candidate;
  head: Head;
  window: Window;
  entries: Entry[];
  transcript: Transcript;
};

export function opened(
  candidate: Candidate,
  head: Head,
  entries: readonly Entry[],
): Omit<State, "at" | "told" | "compactions"> {
  const window = planWindow(candidate);
  const limitBytes = textLimitBytes(window, headBytes(head));
  const transcript = createTranscript(head.preface, limitBytes, sees(candidate.model));
  transcript.push(entries);
  return { candidate, head, window, entries: [...entries], transcript };
}

/** Whether the one that answers was not configured to: what it needs must not outlast the turn. */
export const isStandIn = ({ candidates }: ConversationDeps, { at }: State): boolean =>
  at > 0 || candidates[0]?.insteadOf !== undefined;

/** Also kept with the turn, so that it can be read later. */
export function tell(
  { recorder }: ConversationDeps,
  note: Note | undefined,
  emit: (event: TurnEvent) => void,
): void {
  if (!note) return;
  emit({ type: "note", ...note });
  recorder.note(note);
}

export const sentBytes = ({ head, transcript }: Pick<State, "head" | "transcript">): number =>
  headBytes(head) + transcript.sizeBytes;

/** No tokenizer packs a prompt with its schemas tighter than this. */
const DENSEST_BYTES_PER_TOKEN = 5;
/** Of English and JSON, to tell a person how much there is. */
const USUAL_BYTES_PER_TOKEN = 4;

/**
 * The estimate errs on the safe side, so what it thinks too long by a little is tried; what cannot fit at
 * all is not, because some servers cut the beginning off without a word.
 */
export function refuseTooLong(state: State): void {
  const { contextTokens, inputTokens } = state.window;
  const { ref: model } = state.candidate;
  const mostBytes = DENSEST_BYTES_PER_TOKEN * Math.max(contextTokens, inputTokens);
  if (sentBytes(state) <= mostBytes) return;
  const head = headBytes(state.head);
  const headTokens = head > mostBytes && { headTokens: Math.round(head / USUAL_BYTES_PER_TOKEN) };
  throw new Fault("CONTEXT_FULL", { model, contextTokens, ...headTokens });
}

export const fits = ({ meter }: ConversationDeps, state: State): boolean =>
  meter.tokens(state.candidate.ref, sentBytes(state)) <= state.window.inputTokens;
