import type { FinishReason, ChatUsage } from "../openai/sink.ts";
import { toSentence, type Failure } from "../answer.ts";
import type { OutputItem } from "./answer.ts";
import type { ResponseCreate } from "./wire.ts";

/** What of a response is known before it is answered. */
export type About = {
  id: string;
  /** Seconds since 1970 UTC. */
  created: number;
  model: string;
  request: ResponseCreate;
};

/** How it ended; without any it goes on. */
export type End = { reason: FinishReason; usage: ChatUsage } | { failure: Failure };

/** A response as clients read it: what was asked is said again in it, as the API does. */
export function toResponse(about: About, output: readonly OutputItem[], end?: End): object {
  const { id, created, model, request } = about;
  const { tools, reasoning, text } = request;
  return {
    id,
    object: "response",
    created_at: created,
    status: statusOf(end),
    background: false,
    error: end && "failure" in end ? toError(end.failure) : null,
    incomplete_details: isCut(end) ? { reason: "max_output_tokens" } : null,
    instructions: request.instructions ?? null,
    max_output_tokens: request.max_output_tokens ?? null,
    model,
    output,
    parallel_tool_calls: request.parallel_tool_calls ?? true,
    previous_response_id: request.previous_response_id ?? null,
    reasoning: { effort: reasoning?.effort ?? null, summary: null },
    store: request.store ?? true,
    temperature: request.temperature ?? null,
    text: { format: text?.format ?? { type: "text" } },
    tool_choice: request.tool_choice ?? "auto",
    tools: (tools ?? []).map((tool) => ({ ...tool, strict: tool.strict ?? false })),
    top_p: request.top_p ?? null,
    truncation: "disabled",
    usage: end && "usage" in end ? toUsage(end.usage) : null,
    user: request.user ?? null,
    metadata: request.metadata ?? {},
  };
}

export const isCut = (end: End | undefined): boolean =>
  end !== undefined && "reason" in end && end.reason === "length";

export function statusOf(
  end: End | undefined,
): "in_progress" | "failed" | "incomplete" | "completed" {
  if (!end) return "in_progress";
  if ("failure" in end) return "failed";
  return isCut(end) ? "incomplete" : "completed";
}

/** Clients show the message; the code tells programs. */
const toError = (failure: Failure) => ({ code: failure.code, message: toSentence(failure) });

const toUsage = ({ inputTokens, outputTokens, cachedTokens = 0 }: ChatUsage) => ({
  input_tokens: inputTokens,
  input_tokens_details: { cached_tokens: cachedTokens },
  output_tokens: outputTokens,
  // No local server counts them apart; the sum has them.
  output_tokens_details: { reasoning_tokens: 0 },
  total_tokens: inputTokens + outputTokens,
});
