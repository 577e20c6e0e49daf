import type { ToolCall } from "../../protocol/message.ts";
import type { Failure } from "../answer.ts";

/** Where an answer goes, piece by piece: a stream of chunks, or one JSON object at the end. */
export interface Sink {
  text(text: string): void;
  reasoning(text: string): void;
  call(call: ToolCall): void;
  done(reason: FinishReason, usage: ChatUsage): void;
  /** Undefined while the reader keeps up; else what to wait for before more is made. */
  room(): Promise<void> | undefined;
}

/** A sink whose answer goes out while it is made. */
export interface StreamWriter extends Sink {
  /** Ends the stream with the fault as an event: the status was sent long ago. */
  fail(failure: Failure): void;
  /** A comment that says nothing, so that the connection is not taken for dead. */
  beat(): void;
}

export type FinishReason = "stop" | "length" | "tool_calls";
export type ChatUsage = { inputTokens: number; outputTokens: number; cachedTokens?: number };

export const toWireUsage = ({ inputTokens, outputTokens, cachedTokens }: ChatUsage) => ({
  prompt_tokens: inputTokens,
  completion_tokens: outputTokens,
  total_tokens: inputTokens + outputTokens,
  ...(cachedTokens === undefined ? {} : { prompt_tokens_details: { cached_tokens: cachedTokens } }),
});
