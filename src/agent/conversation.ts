/**
 * What is sent to a model and who is asked: head, history, the candidate that answers. Switches to the
 * next candidate and makes room when it must, and says so.
 */

import { Fault } from "../base/fault.ts";
import type { Candidate } from "../models/candidate.ts";
import type { ChatEvent } from "../models/provider.ts";
import type { TurnEvent } from "../protocol/event.ts";
import type { Message } from "../protocol/message.ts";
import { type Answer, ask, hasBegun } from "./ask.ts";
import { planCut, shorten } from "./compaction.ts";
import { type Meter, planWindow, textLimitBytes, type Window } from "./context-window.ts";
import { type Head, headBytes } from "./head.ts";
import { createTranscript, type Entry, type Transcript } from "./history.ts";
import type { RequestLog } from "./prefix/requests.ts";
import type { Recorder } from "./recorder.ts";
import type { TextGates } from "./text-gate.ts";

export type ConversationDeps = {
  head: Head;
  /** What follows the head's preface, raw. */
  entries: readonly Entry[];
  /** Never empty. The first one is asked; the others only while nothing came of a request yet. */
  candidates: readonly Candidate[];
  recorder: Recorder;
  meter: Meter;
  requests: RequestLog;
  /** Whose turn it is. */
  person: string;
  /** System text and tools for a model, and the notes as they are now. */
  openHead(candidate: Candidate): Promise<Head>;
  createGate: TextGates;
  /** The user's text that the turn is about. */
  request: string;
};

export type Done = Extract<ChatEvent, { type: "done" }>;

export interface Conversation {
  readonly candidate: Candidate;
  readonly entries: readonly Entry[];
  /** Takes in what is recorded already. */
  push(entries: readonly Entry[]): void;
  /** Records, and takes in. */
  append(messages: readonly Message[]): void;
  /**
   * One request, answered by the first candidate that can. Fills `answer`. `nudge` is sent last and not
   * kept. Throws the fault of the last candidate, `CONTEXT_FULL`, or the signal's reason.
   */
  ask(
    answer: Answer,
    nudge: readonly Message[],
    emit: (event: TurnEvent) => void,
    signal: AbortSignal,
  ): Promise<Done>;
}

type State = {
  /** Index of the candidate that answers, for the rest of the turn. */
  at: number;
  compactions: number;
  candidate: Candidate;
  head: Head;
  window: Window;
  entries: Entry[];
  transcript: Transcript;
};

export function createConversation(deps: ConversationDeps): Conversation {
  const [first] = deps.candidates;
  if (!first) throw new RangeError("a route without a candidate"); // the router throws before
  const state: State = { at: 0, compactions: 0, ...opened(first, deps.head, deps.entries) };
  const push = (entries: readonly Entry[]) => {
    state.entries.push(...entries);
    state.transcript.push(entries);
  };
  return {
    get candidate() {
      return state.candidate;
    },
    get entries() {
      return state.entries;
    },
    push,
    append: (messages) => push(deps.recorder.append(messages)),
    ask: (answer, nudge, emit, signal) => askRoute(deps, state, { answer, nudge, emit }, signal),
  };
}

function opened(
  candidate: Candidate,
  head: Head,
  entries: readonly Entry[],
): Omit<State, "at" | "compactions"> {
  const window = planWindow(candidate);
  const transcript = createTranscript(head.preface, textLimitBytes(window, headBytes(head)));
  transcript.push(entries);
  return { candidate, head, window, entries: [...entries], transcript };
}

type Asking = {
  answer: Answer;
  nudge: readonly Message[];
  emit: (event: TurnEvent) => void;
};

async function askRoute(
  deps: ConversationDeps,
  state: State,
  asking: Asking,
  signal: AbortSignal,
): Promise<Done> {
  for (;;) {
    if (!fits(deps, state)) await compact(deps, state, asking.emit, signal);
    if (isSurelyTooLong(state)) {
      const { contextTokens, ref: model } = state.candidate;
      throw new Fault("CONTEXT_FULL", { model, contextTokens });
    }
    try {
      return await askCandidate(deps, state, asking, signal);
    } catch (error) {
      if (signal.aborted || hasBegun(asking.answer) || !(error instanceof Fault)) throw error;
      if (error.code === "MODEL_CONTEXT_EXCEEDED") {
        deps.meter.learn(state.candidate.ref, sentBytes(state), state.window.contextTokens);
        if (!(await compact(deps, state, asking.emit, signal))) throw error;
      } else {
        await switchCandidate(deps, state, error, asking.emit);
      }
    }
  }
}

async function askCandidate(
  deps: ConversationDeps,
  { candidate, head, transcript, window }: State,
  { answer, nudge, emit }: Asking,
  signal: AbortSignal,
): Promise<Done> {
  const { contextTokens } = window;
  const sizeBytes = sentBytes({ head, transcript });
  const messages = [...transcript.messages, ...nudge];
  const request = {
    model: candidate.model.id,
    system: head.system,
    tools: head.tools,
    messages,
    contextTokens,
    ...(candidate.maxTokens === undefined ? {} : { maxTokens: candidate.maxTokens }),
    params: candidate.params,
    person: deps.person,
  };
  const answered = deps.requests.begin(candidate, request);
  const gate = deps.createGate(head.tools, messages);
  await ask(answer, { candidate, request, gate, emit }, signal);
  // `Provider.chat` ends with exactly one `done` or throws.
  const end = answer.end ?? { type: "done", reason: "stop", usage: NOTHING_USED } as const;
  const usage = answered(end);
  deps.meter.learn(candidate.ref, sizeBytes, usage.inputTokens);
  emit({ type: "usage", ...usage });
  if (end.reason === "length") {
    emit({ type: "note", code: "ANSWER_CUT", text: "The answer ran into its length limit" });
  }
  return end;
}

const NOTHING_USED = { inputTokens: 0, outputTokens: 0 };

const sentBytes = ({ head, transcript }: Pick<State, "head" | "transcript">): number =>
  headBytes(head) + transcript.sizeBytes;

/** No tokenizer packs a prompt with its schemas tighter than this. */
const DENSEST_BYTES_PER_TOKEN = 5;

/**
 * The estimate errs on the safe side, so what it thinks too long by a little is tried; what cannot fit at
 * all is not, because some servers cut the beginning off without a word.
 */
const isSurelyTooLong = (state: State): boolean => {
  const { contextTokens, inputTokens } = state.window;
  return sentBytes(state) / DENSEST_BYTES_PER_TOKEN > Math.max(contextTokens, inputTokens);
};

const fits = ({ meter }: ConversationDeps, state: State): boolean =>
  meter.tokens(state.candidate.ref, sentBytes(state)) <= state.window.inputTokens;

/** For the rest of this turn only. Rethrows where there is nobody left. */
async function switchCandidate(
  deps: ConversationDeps,
  state: State,
  fault: Fault,
  emit: (event: TurnEvent) => void,
): Promise<void> {
  const from = state.candidate;
  const next = deps.candidates[state.at + 1];
  if (!next) throw fault;
  // The frozen head serves any model that calls tools alike; one that only chats gets its own, unstored.
  const own = next.tools === from.tools ? state.head : await deps.openHead(next);
  const head = { ...own, preface: state.head.preface };
  Object.assign(state, { at: state.at + 1, ...opened(next, head, state.entries) });
  emit({
    type: "note",
    code: "MODEL_SWITCHED",
    text: `"${next.ref}" (${next.locality}) answers instead of "${from.ref}" for this turn. ${fault.message}`,
  });
}

/** A turn that needs more is reading what it cannot hold; each one costs a request. */
const MAX_COMPACTIONS = 4;

/** Replaces the older part once. False when nothing could be left out. */
async function compact(
  deps: ConversationDeps,
  state: State,
  emit: (event: TurnEvent) => void,
  signal: AbortSignal,
): Promise<boolean> {
  const { candidate, window, entries, head } = state;
  if (state.compactions >= MAX_COMPACTIONS) return false;
  const tokens = (sizeBytes: number) => deps.meter.tokens(candidate.ref, sizeBytes);
  const roomTokens = window.inputTokens - tokens(headBytes(head));
  const cut = planCut(
    entries.map(({ message }) => message),
    roomTokens,
    tokens,
  );
  if (cut === 0) return false;
  state.compactions += 1;
  emit({ type: "waiting", on: "model", text: "shortening the conversation" });
  const fresh = await deps.openHead(candidate);
  const job = { candidate, window, entries, cut, preface: head.preface, notes: fresh.preface, person: deps.person };
  const { preface, kept, how } = await shorten({ ...job, request: deps.request }, signal);
  const { system, toolsJson } = fresh;
  const firstMessage = kept[0]?.id;
  deps.recorder.beginEpoch({ why: "compaction", system, toolsJson, preface, firstMessage });
  Object.assign(state, opened(candidate, { ...fresh, preface }, kept));
  emit({ type: "note", code: "CONTEXT_COMPACTED", text: COMPACTED[how] });
  return true;
}

const COMPACTED = {
  summary: "The older part of the conversation was replaced by a summary, to make room",
  dropped: "The older part of the conversation was left out: the model could not summarise it",
};
