/** What an answer tells of the prompt before it: how dense it was, or that its server dropped a part of it. */

import { Fault } from "../../base/fault.ts";
import type { TurnEvent } from "../../protocol/event.ts";
import { planWindow } from "../context-window.ts";
import { type ConversationDeps, type State, tell } from "../conversation-state.ts";
import type { Sent } from "./cut.ts";

/** After a prompt that was cut less is sent, in this turn and to this model from now on; and it is said. */
export function learn(
  deps: ConversationDeps,
  state: State,
  sent: Sent,
  emit: (event: TurnEvent) => void,
): void {
  const { meter, requests, onCut } = deps;
  const { candidate, window } = state;
  const { ref } = candidate;
  // What an image is in tokens depends on the model alone: its bytes say nothing.
  const shows = state.transcript.messages.some((message) => "images" in message && message.images);
  const cut = shows ? undefined : requests.cut(candidate, sent, meter.bytesPerToken(ref));
  if (!cut) return meter.learn(ref, sent.sizeBytes, sent.inputTokens);
  const { code, message, fix } = new Fault("MODEL_PROMPT_CUT", { ref, ...cut });
  tell(deps, { code, text: `${message}. ${fix}` }, emit);
  onCut?.(ref, cut.readTokens);
  // The size that is asked of the server stays within the turn: another one loads the model anew.
  const { inputTokens, reserveTokens } = planWindow({
    ...candidate,
    contextTokens: cut.readTokens,
  });
  state.window = {
    ...window,
    inputTokens: Math.min(window.inputTokens, inputTokens),
    reserveTokens,
  };
}
