import type { FirstToken, Speed } from "../../protocol/scorecard.ts";
import type { Heard } from "./ask.ts";

/**
 * How long a person waits for the first word of the agent. `heard` are answers to the agent's own prompt,
 * the first of which found nothing in the cache. Undefined where the server counts nothing. Pure.
 */
export function toFirstToken(heard: readonly Heard[], speed: Speed): FirstToken | undefined {
  const [first, ...later] = heard;
  const promptTokens = first?.end?.usage.inputTokens;
  const { promptTokensPerSecond } = speed;
  if (!promptTokens || !promptTokensPerSecond) return undefined;
  // What answers in words begins with its first word; a call may be told whole, at its end.
  const warm = later
    .filter(({ calls, text }) => calls.length === 0 && text !== "")
    .flatMap(({ firstMs }) => firstMs ?? [])
    .toSorted((a, b) => a - b);
  const warmMs = warm[Math.floor(warm.length / 2)];
  return {
    promptTokens,
    coldMs: Math.round((promptTokens / promptTokensPerSecond) * 1000),
    ...(warmMs !== undefined && { warmMs: Math.round(warmMs) }),
  };
}
