/**
 * One turn: ask the model, run what it calls, ask again, until it stops or a budget ends. Knows no store
 * and no server: what lasts goes to the recorder, what happens to `emit`. What a crash left unfinished
 * needs no path of its own: the loop looks at the history and goes on from there.
 */

import { Fault } from "../base/fault.ts";
import { createId } from "../base/ids.ts";
import type { TurnEvent } from "../protocol/event.ts";
import type { Message, ToolCall } from "../protocol/message.ts";
import { imagesOf } from "../models/sight.ts";
import type { Tool } from "../tools/tool.ts";
import { type Answer, emptyAnswer, isEmpty } from "./ask.ts";
import { type CallRunner, type CallsDeps, createCallRunner } from "./calls.ts";
import { shownInput } from "./check-call.ts";
import { createConversation, type Conversation, type ConversationDeps } from "./conversation.ts";
import { createBudget, createLoopGuard, type Limits } from "./guards.ts";
import { openCalls, resultOf } from "./history.ts";

export type LoopTurn = Omit<ConversationDeps, "request" | "shows"> &
  Omit<CallsDeps, "guard" | "budget" | "tools"> & {
    /** The messages of this turn so far: the user's, and after a crash what followed it. */
    own: readonly Message[];
    /** Of all calls of the session, also of those that are not sent any more. */
    callIds: readonly string[];
    /** Whether the session has older calls, whose ids were not read. */
    hasOlderCalls?: boolean;
    tools: readonly Tool[];
    limits: Limits;
  };

export type TurnEnd = { reason: "stop" | "length" };

/**
 * Resolves when the model has answered; what it said may still be on its way to the disk (`settled`).
 * Throws the fault that ended the turn, or the signal's reason. The history is well-formed then as well,
 * unless the gateway is closing: such a turn is taken up again.
 */
export async function runLoop(
  turn: LoopTurn,
  emit: (event: TurnEvent) => void,
  signal: AbortSignal,
): Promise<TurnEnd> {
  const { own } = turn;
  const [asked] = own;
  const shows = asked !== undefined && imagesOf(asked).length > 0;
  const conversation = createConversation({ ...turn, request: asked?.text ?? "", shows });
  const guard = createLoopGuard(own);
  const budget = createBudget(turn.limits, own.filter(({ role }) => role === "assistant").length);
  const tools = new Map(turn.tools.map((tool) => [tool.name, tool]));
  const runner = createCallRunner({ ...turn, tools, guard, budget });
  const state: State = { conversation, runner, answer: emptyAnswer(), ids: takenIds(turn) };

  try {
    const left = openCalls(conversation.entries);
    await runCalls(state, { calls: left, resumed: true, cut: false }, emit, signal);
    if (isAnswered(conversation)) return { reason: "stop" };
    for (;;) {
      guard.check();
      budget.check();
      budget.step();
      const end = await askModel(state, emit, signal);
      budget.tokens(end.freshTokens);
      const cut = end.reason === "length";
      const { toolCalls } = record(state, emit);
      if (toolCalls.length === 0) return { reason: cut ? "length" : "stop" };
      await runCalls(state, { calls: toolCalls, resumed: false, cut }, emit, signal);
    }
  } catch (error) {
    if (!isClosing(signal)) leaveWellFormed(state, emit);
    throw error;
  }
}

type State = {
  conversation: Conversation;
  runner: CallRunner;
  /** What the model is saying, or said last and is not recorded yet. */
  answer: Answer;
  /** Ids of calls that are taken; the journal and the results go by them. */
  ids: Pick<Set<string>, "has" | "add">;
};

/** Asks; an empty answer is asked for once more, with a nudge that is not kept. */
async function askModel(state: State, emit: (event: TurnEvent) => void, signal: AbortSignal) {
  const { conversation } = state;
  let freshTokens = 0;
  for (const nudge of [[], NUDGE]) {
    state.answer = emptyAnswer();
    const end = await conversation.ask(state.answer, nudge, emit, signal);
    freshTokens += end.usage.inputTokens - (end.usage.cachedTokens ?? 0) + end.usage.outputTokens;
    if (!isEmpty(state.answer)) return { ...end, freshTokens };
  }
  throw new Fault("ANSWER_EMPTY", { model: conversation.candidate.ref });
}

const NUDGE: Message[] = [
  { role: "assistant", text: "(nothing)", toolCalls: [] },
  { role: "user", text: "(Your answer was empty. Answer now, in a few words, or call a tool.)" },
];

/** Hands what the model said to the recorder; from here on it is history. */
function record({ conversation, answer, ids }: State, emit: (event: TurnEvent) => void) {
  const { text, reasoning, sealed } = answer;
  const toolCalls = answer.toolCalls.map((call) => withOwnId(call, ids));
  for (const call of toolCalls) {
    emit({ type: "tool-call", id: call.id, tool: call.tool, input: shownInput(call) });
  }
  conversation.append([
    {
      role: "assistant",
      text,
      ...(reasoning === "" ? {} : { reasoning }),
      toolCalls,
      ...(sealed && { sealed }),
    },
  ]);
  Object.assign(answer, emptyAnswer());
  return { toolCalls };
}

/** Shorter ids are a server's counter: in a session whose older calls were not read they may be taken. */
const LEAST_ID_LENGTH = 12;

/** The ids that are taken; of older calls, which were not read, it is only known what theirs may look like. */
function takenIds({ callIds, hasOlderCalls = false }: LoopTurn): Pick<Set<string>, "has" | "add"> {
  const ids = new Set(callIds);
  return {
    has: (id) => ids.has(id) || (hasOlderCalls && id.length < LEAST_ID_LENGTH),
    add: (id) => ids.add(id),
  };
}

/** Servers have been seen to number the calls of each answer from 0. */
function withOwnId(call: ToolCall, ids: State["ids"]): ToolCall {
  const own = call.id === "" || ids.has(call.id) ? { ...call, id: createId("call") } : call;
  ids.add(own.id);
  return own;
}

async function runCalls(
  { conversation, runner }: State,
  calls: Parameters<CallRunner["run"]>[0],
  emit: (event: TurnEvent) => void,
  signal: AbortSignal,
): Promise<void> {
  for await (const entry of runner.run(calls, emit, signal)) conversation.push([entry]);
}

/** Keeps what was shown of an answer that was cut off, and gives every open call a result. */
function leaveWellFormed(state: State, emit: (event: TurnEvent) => void): void {
  const { conversation, runner, answer } = state;
  answer.toolCalls = [];
  if (answer.text.trim() !== "") record(state, emit);
  const results = openCalls(conversation.entries).map((call) =>
    resultOf(call, runner.wasStarted(call) ? HALF_DONE : NOT_RUN, false),
  );
  for (const { callId, tool, ok, text } of results) {
    emit({ type: "tool-result", id: callId, tool, ok, output: text });
  }
  if (results.length > 0) conversation.append(results);
}

const NOT_RUN = "Not run: the turn ended before.";
const HALF_DONE =
  "The turn ended while this ran. It may have taken effect: look before you repeat it.";

/** A gateway that stops leaves its turns as they are, to go on with them at the next start. */
export const isClosing = ({ reason }: AbortSignal): boolean =>
  reason instanceof Fault && reason.code === "AGENT_CLOSED";

const isAnswered = ({ entries }: Conversation): boolean => {
  const last = entries.at(-1)?.message;
  return last?.role === "assistant" && last.toolCalls.length === 0;
};
