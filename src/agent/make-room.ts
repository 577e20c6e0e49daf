/** Makes room in a conversation that is too long for who answers it, and says so. */

import type { TurnEvent } from "../protocol/event.ts";
import { planCut, shorten } from "./compaction.ts";
import { headBytes } from "./head.ts";
import { type ConversationDeps, isStandIn, opened, type State } from "./conversation-state.ts";

/** A turn that needs more is reading what it cannot hold; each one costs a request. */
const MAX_COMPACTIONS = 4;

/** Replaces the older part once. False when nothing could be left out. */
export async function compact(
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
  const job = {
    candidate,
    window,
    entries,
    cut,
    preface: head.preface,
    notes: fresh.preface,
    person: deps.person,
    ...(deps.priority === undefined ? {} : { priority: deps.priority }),
  };
  const { preface, kept, how } = await shorten({ ...job, request: deps.request }, signal);
  const { system, toolsJson } = fresh;
  const firstMessage = kept[0]?.id;
  // What a stand-in with a smaller window needs must not outlast the turn.
  if (!isStandIn(deps, state)) {
    deps.recorder.beginEpoch({ why: "compaction", system, toolsJson, preface, firstMessage });
  }
  Object.assign(state, opened(candidate, { ...fresh, preface }, kept));
  emit({ type: "note", code: "CONTEXT_COMPACTED", text: COMPACTED[how] });
  return true;
}

const COMPACTED = {
  summary: "The older part of the conversation was replaced by a summary, to make room",
  dropped: "The older part of the conversation was left out: the model could not summarise it",
};
