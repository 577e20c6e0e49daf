/** How fast it reads and writes, whether words come as they are written, and what a cache saves. */

import type { Speed } from "../../protocol/scorecard.ts";
import type { Heard } from "./ask.ts";
import type { Verdict } from "./judge.ts";
import { createHaystack } from "./needle.ts";
import type { Session } from "./session.ts";

export type Measured = {
  speed: Speed;
  cache: Verdict;
  cold: Heard;
  /** Of plain English, by the server's own count; a usual value where it does not count. */
  bytesPerToken: number;
};

/** Long enough for a speed, short enough for a slow machine: at 25 tokens a second 40 s. */
const PROMPT_TOKENS = 1_024;
/** English, as most tokenizers cut it. */
const USUAL_BYTES_PER_TOKEN = 4.3;
/** Enough to tell the speed of writing. */
const WRITTEN_TOKENS = 96;

/** The same long prompt twice, one that nobody has sent before. */
export async function measureSpeed(
  session: Session,
  seed: number,
  signal: AbortSignal,
): Promise<Measured> {
  const tokens = Math.min(PROMPT_TOKENS, Math.floor(session.candidate.contextTokens / 3));
  session.tell("measuring how fast it reads and writes");
  let asked = await askLong(session, { tokens, seed }, signal);
  if (asked.heard.fault?.code === "MODEL_CONTEXT_EXCEEDED") {
    // A tokenizer of few words makes more tokens of the same text.
    asked = await askLong(session, { tokens: Math.floor(tokens / 4), seed }, signal);
  }
  const { heard: cold, request, sizeBytes } = asked;
  session.tell("sending the same again, to see what its cache saves");
  const again = await session.ask(request, signal);
  const counted = cold.end?.usage.inputTokens ?? 0;
  const bytesPerToken = sizeBytes / counted;
  return {
    cold,
    speed: speedOf(cold),
    cache: judgeCache(cold, again),
    // A count that is far off is one of fresh tokens alone.
    bytesPerToken: isCredible(bytesPerToken) ? bytesPerToken : USUAL_BYTES_PER_TOKEN,
  };
}

const isCredible = (bytesPerToken: number) => bytesPerToken >= 1 && bytesPerToken <= 8;

async function askLong(
  session: Session,
  { tokens, seed }: { tokens: number; seed: number },
  signal: AbortSignal,
) {
  const bytes = { bytesPerToken: USUAL_BYTES_PER_TOKEN, seed };
  const text = `${createHaystack([tokens], bytes).text(tokens)}\n\nTell in five sentences what happened.`;
  const maxTokens = Math.min(WRITTEN_TOKENS, session.answerTokens);
  const request = { messages: [{ role: "user", text } as const], maxTokens };
  return { request, sizeBytes: text.length, heard: await session.ask(request, signal) };
}

/** From one answer to a prompt that was in no cache. Pure. */
export function speedOf({ end, firstMs, totalMs, disturbed }: Heard): Speed {
  if (!end || disturbed) return { by: "clock" };
  const { usage, timings } = end;
  const read = timings?.promptTokens ?? usage.inputTokens - (usage.cachedTokens ?? 0);
  const writingMs = totalMs !== undefined && firstMs !== undefined ? totalMs - firstMs : undefined;
  const prompt = perSecond(read, timings?.promptMs ?? firstMs);
  // The clock starts with the first token, so that one is not counted.
  const output =
    timings?.outputMs === undefined
      ? perSecond(usage.outputTokens - 1, writingMs)
      : perSecond(usage.outputTokens, timings.outputMs);
  return {
    ...(prompt !== undefined && { promptTokensPerSecond: prompt }),
    ...(output !== undefined && { outputTokensPerSecond: output }),
    by: timings?.promptMs !== undefined ? "server" : "clock",
  };
}

/** Undefined where there is too little to divide. */
function perSecond(tokens: number, ms: number | undefined): number | undefined {
  if (ms === undefined || ms <= 0 || tokens < LEAST_COUNTED) return undefined;
  return Math.round((tokens / ms) * 10_000) / 10;
}

const LEAST_COUNTED = 4;

/** A prompt that is read anew takes as long as before; from a cache it takes a small part. */
const SAVED_BELOW = 0.5;

/** Pure. */
export function judgeCache(cold: Heard, again: Heard): Verdict {
  const { usage, timings } = again.end ?? {};
  const whole = usage?.inputTokens ?? 0;
  const cached = usage?.cachedTokens;
  if (cached !== undefined && whole > 0) {
    const detail = `of ${whole} tokens sent again ${cached} came from its cache`;
    return { result: cached > whole * SAVED_BELOW ? "passed" : "failed", detail };
  }
  const before = cold.end?.timings?.promptMs ?? cold.firstMs;
  const after = timings?.promptMs ?? again.firstMs;
  if (before === undefined || after === undefined) {
    return { result: "partly", detail: "it could not be told: others were being answered" };
  }
  const saved = after < before * SAVED_BELOW;
  const detail = `the same prompt took ${seconds(before)}, and again ${seconds(after)}`;
  return { result: saved ? "passed" : "failed", detail };
}

const seconds = (ms: number) =>
  ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1)} s`;
