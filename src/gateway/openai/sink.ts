import type { ToolCall } from "../../protocol/message.ts";

/** Where an answer goes, piece by piece: a stream of chunks, or one JSON object at the end. */
export interface Sink {
  text(text: string): void;
  reasoning(text: string): void;
  call(call: ToolCall): void;
  done(reason: FinishReason, usage: ChatUsage): void;
  /** Undefined while the reader keeps up; else what to wait for before more is made. */
  room(): Promise<void> | undefined;
}

export type FinishReason = "stop" | "length" | "tool_calls";
export type ChatUsage = { inputTokens: number; outputTokens: number; cachedTokens?: number };

export const toWireUsage = ({ inputTokens, outputTokens, cachedTokens }: ChatUsage) => ({
  prompt_tokens: inputTokens,
  completion_tokens: outputTokens,
  total_tokens: inputTokens + outputTokens,
  ...(cachedTokens === undefined ? {} : { prompt_tokens_details: { cached_tokens: cachedTokens } }),
});
