/**
 * What is sent to a model and who is asked: head, history, the candidate that answers. Switches to the
 * next candidate and makes room when it must, and says so.
 */

import { Fault } from "../base/fault.ts";
import type { Candidate } from "../models/candidate.ts";
import type { ChatEvent } from "../models/provider.ts";
import { sees } from "../models/sight.ts";
import { isServerFailure } from "../models/routing/breaker.ts";
import type { TurnEvent } from "../protocol/event.ts";
import type { Message } from "../protocol/message.ts";
import { type Answer, ask, emptyAnswer, hasBegun } from "./ask.ts";
import {
  type ConversationDeps,
  fits,
  isStandIn,
  opened,
  refuseTooLong,
  sentBytes,
  type State,
  tell,
} from "./conversation-state.ts";
import type { Entry } from "./history.ts";
import { compact } from "./make-room.ts";
import { learn } from "./prefix/learn.ts";

export type { ConversationDeps } from "./conversation-state.ts";

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

export function createConversation(deps: ConversationDeps): Conversation {
  const [first] = deps.candidates;
  if (!first) throw new RangeError("a route without a candidate"); // the router throws before
  const state: State = {
    at: 0,
    told: false,
    compactions: 0,
    ...opened(first, deps.head, deps.entries),
  };
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
  const { standIns, session } = deps;
  if (!state.told) tell(deps, standIns.begins(session, state.candidate), asking.emit);
  state.told = true;
  for (;;) {
    if (!fits(deps, state)) await compact(deps, state, asking.emit, signal);
    try {
      refuseTooLong(state);
      refuseImages(deps, state);
      const done = await askCandidate(deps, state, asking, signal);
      if (state.at === 0) tell(deps, standIns.answered(session, state.candidate), asking.emit);
      return done;
    } catch (error) {
      if (signal.aborted || !(error instanceof Fault)) throw error;
      asking = await goOn(deps, state, { ...asking, fault: error }, signal);
    }
  }
}

/** Images of this turn are what it is about: a model that does not see them cannot answer. */
function refuseImages({ shows }: ConversationDeps, { candidate }: State): void {
  if (shows && !sees(candidate.model)) throw new Fault("MODEL_BLIND", { ref: candidate.ref });
}

/** Makes room, or lets the next candidate go on. Throws where neither helps. */
async function goOn(
  deps: ConversationDeps,
  state: State,
  { fault, ...asking }: Asking & { fault: Fault },
  signal: AbortSignal,
): Promise<Asking> {
  const { answer, emit } = asking;
  if (hasBegun(answer)) {
    const maySwitch = isServerFailure(fault.code) && answer.toolCalls.length === 0;
    if (!maySwitch || !deps.candidates[state.at + 1]) throw fault;
    const nudge = keepBegun(deps, state, answer) ? GO_ON : asking.nudge;
    await switchCandidate(deps, state, fault, emit);
    return { ...asking, nudge };
  }
  if (fault.code === "MODEL_CONTEXT_EXCEEDED") {
    deps.meter.learn(state.candidate.ref, sentBytes(state), state.window.contextTokens);
    if (await compact(deps, state, emit, signal)) return asking;
  }
  // A conversation that is too long is so for the next one as well, but where that one only stood in.
  if (TOO_LONG.has(fault.code) && !isStandIn(deps, state)) throw fault;
  await switchCandidate(deps, state, fault, emit);
  return asking;
}

const TOO_LONG: ReadonlySet<string> = new Set(["CONTEXT_FULL", "MODEL_CONTEXT_EXCEEDED"]);

/** What was shown stays: it becomes history, and nobody says it again. False where it was no word. */
function keepBegun({ recorder }: ConversationDeps, state: State, answer: Answer): boolean {
  const { text, reasoning } = answer;
  Object.assign(answer, emptyAnswer());
  if (text.trim() === "") return false;
  const entries = recorder.append([
    { role: "assistant", text, ...(reasoning === "" ? {} : { reasoning }), toolCalls: [] },
  ]);
  state.entries.push(...entries);
  state.transcript.push(entries);
  return true;
}

const GO_ON: readonly Message[] = [
  {
    role: "user",
    text: "(Your answer was cut off after its last word. Go on from there, and repeat nothing of it.)",
  },
];

async function askCandidate(
  deps: ConversationDeps,
  state: State,
  { answer, nudge, emit }: Asking,
  signal: AbortSignal,
): Promise<Done> {
  const { candidate, head, transcript } = state;
  const { contextTokens } = state.window;
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
    ...(deps.priority === undefined ? {} : { priority: deps.priority }),
  };
  const answered = deps.requests.begin(candidate, request);
  const gate = deps.createGate(head.tools, messages);
  await ask(answer, { candidate, request, gate, emit }, signal);
  // `Provider.chat` ends with exactly one `done` or throws.
  const end = answer.end ?? ({ type: "done", reason: "stop", usage: NOTHING_USED } as const);
  const usage = answered(end);
  learn(deps, state, { sizeBytes, inputTokens: usage.inputTokens }, emit);
  emit({ type: "usage", ...usage });
  if (end.reason === "length") {
    emit({ type: "note", code: "ANSWER_CUT", text: "The answer ran into its length limit" });
  }
  return end;
}

const NOTHING_USED = { inputTokens: 0, outputTokens: 0 };

/** For the rest of this turn only. Rethrows where there is nobody left. */
async function switchCandidate(
  deps: ConversationDeps,
  state: State,
  fault: Fault,
  emit: (event: TurnEvent) => void,
): Promise<void> {
  const from = state.candidate;
  const next = deps.candidates[state.at + 1];
  // That the last one was too small says less than why it was asked at all.
  if (!next) throw TOO_LONG.has(fault.code) ? (state.failed ?? fault) : fault;
  // The frozen head serves any model that calls tools alike; one that only chats gets its own, unstored.
  const own = next.tools === from.tools ? state.head : await deps.openHead(next);
  const head = { ...own, preface: state.head.preface };
  const failed = state.failed ?? fault;
  Object.assign(state, { at: state.at + 1, failed, ...opened(next, head, state.entries) });
  tell(deps, deps.standIns.switches(deps.session, from, next, fault.message), emit);
}
