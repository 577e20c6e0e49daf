/** One request to one model, and what came of it. */

import type { Candidate } from "../models/candidate.ts";
import type { ChatRequest, ChatEvent } from "../models/provider.ts";
import type { TurnEvent } from "../protocol/event.ts";
import type { ToolCall } from "../protocol/message.ts";

/** Grows while the model speaks, so that what was shown is known when it is cut off. */
export type Answer = {
  text: string;
  reasoning: string;
  toolCalls: ToolCall[];
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
  end: undefined,
});

/** Holds text back while it may turn out to be a tool call. */
export interface TextGate {
  /** Returns what may be shown now. */
  push(text: string): string;
  /** At the end: what is still to be shown, and the calls that the rest turned out to be. */
  end(): { text: string; calls: ToolCall[] };
}

export const openGate: TextGate = {
  push: (text) => text,
  end: () => ({ text: "", calls: [] }),
};

export type AskOptions = {
  candidate: Candidate;
  request: ChatRequest;
  gate: TextGate;
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
        show(gate.push(event.text));
        break;
      case "reasoning":
        answer.reasoning += event.text;
        emit(event);
        break;
      case "tool-call":
        answer.toolCalls.push(event.call);
        break;
      case "progress":
        emit({ type: "waiting", on: "model", text: event.text });
        break;
      case "done":
        answer.end = event;
        break;
    }
  }
  const rest = gate.end();
  show(rest.text);
  if (rest.calls.length === 0) return;
  answer.toolCalls.push(...rest.calls);
  emit({
    type: "note",
    code: "TOOL_CALL_SALVAGED",
    text: `"${candidate.ref}" wrote a tool call as text; it was read as the call it is`,
  });
}
