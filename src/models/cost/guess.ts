/** What a request may use, before it is sent: for what a budget holds back meanwhile. Pure. */

import type { ChatRequest } from "../provider.ts";
import type { Counted } from "./price.ts";

/** Text of most languages has three bytes or more a token; to hold a little too much does no harm. */
const BYTES_PER_TOKEN = 3;
/** The clouds count 1,000 to 1,600 tokens for a large image. */
const IMAGE_TOKENS = 1_600;
/** An answer without a limit of its own; longer ones are rare, and what they cost is settled when they end. */
const ANSWER_TOKENS = 4_096;

export function guessUsage(request: ChatRequest): Counted {
  const { system, tools, messages, contextTokens, maxTokens } = request;
  let bytes = Buffer.byteLength(system) + Buffer.byteLength(JSON.stringify(tools));
  let images = 0;
  for (const message of messages) {
    if (message.role === "user") images += message.images?.length ?? 0;
    bytes += Buffer.byteLength(message.text);
    if (message.role === "user") bytes += Buffer.byteLength(message.context ?? "");
    if (message.role !== "assistant") continue;
    for (const { argumentsJson } of message.toolCalls) bytes += Buffer.byteLength(argumentsJson);
  }
  const read = Math.ceil(bytes / BYTES_PER_TOKEN) + images * IMAGE_TOKENS;
  return {
    inputTokens: Math.min(read, contextTokens),
    outputTokens: Math.min(maxTokens ?? ANSWER_TOKENS, contextTokens),
  };
}
