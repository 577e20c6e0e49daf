/** One request to one model, and what came of it. */

import type { Candidate } from "../models/candidate.ts";
import type { ChatEvent, ChatRequest } from "../models/provider.ts";
import type { SalvageGate } from "../models/salvage-gate.ts";
import type { TurnEvent } from "../protocol/event.ts";
import type { Sealed, ToolCall } from "../protocol/message.ts";

/** Grows while the model speaks, so that what was shown is known when it is cut off. */
export type Answer = {
  text: string;
  reasoning: string;
  toolCalls: ToolCall[];
  sealed: Sealed | undefined;
  end: Extract<ChatEvent, { type: "done" }> | undefined;
};

/** Whether anything came yet: from then on nobody else may be asked in its place. */
export const hasBegun = ({ text, reasoning, toolCalls }: Answer): boolean =>
  text !== "" || reasoning !== "" || toolCalls.length > 0;

/** Reasoning alone answers nobody. */
export const isEmpty = ({ text, toolCalls }: Answer): boolean =>
  text.trim() === "" && toolCalls.length === 0;

export const emptyAnswer = (): Answer => ({
  text: "",
  reasoning: "",
  toolCalls: [],
  sealed: undefined,
  end: undefined,
});

export type AskOptions = {
  candidate: Candidate;
  request: ChatRequest;
  /** Holds text back while it may turn out to be a tool call; undefined where none was offered. */
  gate: SalvageGate | undefined;
  emit: (event: TurnEvent) => void;
};

/** Fills `answer`. Throws as `Provider.chat` does; what had come by then stands in `answer`. */
export async function ask(answer: Answer, options: AskOptions, signal: AbortSignal): Promise<void> {
  const { candidate, request, gate, emit } = options;
  const show = (text: string) => {
    if (text === "") return;
    answer.text += text;
    emit({ type: "text", text });
  };
  // Read to the end even after `done`: the connection can be used again then.
  for await (const event of candidate.provider.chat(request, signal)) {
    switch (event.type) {
      case "text":
        show(gate ? gate.push(event.text) : event.text);
        break;
      case "reasoning":
        answer.reasoning += event.text;
        emit(event);
        break;
      case "tool-call":
        answer.toolCalls.push(event.call);
        break;
      case "sealed":
        answer.sealed = event.sealed;
        break;
      case "progress":
        emit({ type: "waiting", on: event.on ?? "model", text: event.text });
        break;
      case "done":
        answer.end = event;
        break;
    }
  }
  const rest = gate?.end();
  show(rest?.text ?? "");
  // A server that leaks into the text what it also sends as a call means one call.
  if (!rest || rest.calls.length === 0 || answer.toolCalls.length > 0) return;
  answer.toolCalls.push(...rest.calls);
  const { ref, scorecard } = candidate;
  const hint = `. \`isopod models probe ${ref}\` measures whether another way of calling suits it better`;
  emit({
    type: "note",
    code: "TOOL_CALL_SALVAGED",
    text: `"${ref}" wrote a tool call as text; it was read as the call it is${scorecard ? "" : hint}`,
  });
}
