/** Asks a server to read a prompt that fills its window, and sees what it made of it. */

import { randomBytes } from "node:crypto";

import { Fault } from "../../base/fault.ts";
import type { Candidate } from "../candidate.ts";
import type { Message } from "../../protocol/message.ts";
import type { ChatRequest } from "../provider.ts";
import type { ChatDone } from "../watch.ts";
import { type Canary, canaryText, fitWords, judgeCanary, type Verdict } from "./canary.ts";

export type WindowCheck =
  | (Verdict & { promptMsPerToken: number | undefined })
  /** Not looked at, and why. */
  | { state: "skipped"; why: string };

/** Two short prompts tell how the server counts. */
const SHORT_WORDS = 32;
const LONG_WORDS = 160;
/** Both words with what a model says around them. */
const ANSWER_TOKENS = 48;
/** Longer than that a check would keep a machine busy that a person may want. */
const MAX_READING_MS = 120_000;
/** Where a server refuses what it says it has, smaller windows are tried; a refusal costs nothing. */
const SMALLER = [1, 0.75, 0.5, 0.25];

/** Throws as `Provider.chat` does; a person who comes meanwhile ends it with `MODEL_GAVE_WAY`. */
export async function checkWindow(candidate: Candidate, signal: AbortSignal): Promise<WindowCheck> {
  const canary: Canary = { head: newNonce(), tail: newNonce() };
  const say = (words: number) => askOnce(candidate, canaryText(canary, words), signal);
  const asked = await unlessTooLong(async () => [await say(SHORT_WORDS), await say(LONG_WORDS)]);
  const [short, long] = asked ?? [];
  if (!short || !long) return { state: "skipped", why: "it refuses even a short text as too long" };
  const counts = [short, long].map(({ done }) => done.usage.inputTokens);
  const [shortTokens = 0, longTokens = 0] = counts;
  if (shortTokens === 0 || longTokens <= shortTokens) {
    return { state: "skipped", why: "its server does not count the tokens of a prompt" };
  }
  const promptMsPerToken = readingMs(short.done) ?? readingMs(long.done);
  if ((promptMsPerToken ?? 0) * candidate.contextTokens > MAX_READING_MS) {
    return { state: "skipped", why: "to read so much would take it more than two minutes" };
  }
  for (const part of SMALLER) {
    const contextTokens = Math.floor(candidate.contextTokens * part);
    const { words, tokens: sentTokens } = fitWords(
      { words: SHORT_WORDS, tokens: shortTokens },
      { words: LONG_WORDS, tokens: longTokens },
      contextTokens,
    );
    const answered = await unlessTooLong(() => say(words));
    if (!answered) continue;
    const { said, done } = answered;
    const answer = { said, readTokens: done.usage.inputTokens, sentTokens, contextTokens };
    const verdict = judgeCanary(canary, answer);
    // Refused before, so it holds less than it says; that it says so does not make the window larger.
    const isLess = part < 1 && verdict.state !== "cut";
    return { ...verdict, ...(isLess && { state: "cut" }), promptMsPerToken };
  }
  return { state: "skipped", why: "it refuses even a quarter of the window that it says it has" };
}

/** Undefined where the server says that it is too long. */
export async function unlessTooLong<T>(work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof Fault && error.code === "MODEL_CONTEXT_EXCEEDED") return undefined;
    throw error;
  }
}

/** One request of the background: no tools, no system text, and whoever comes goes first. */
export async function askOnce(
  { provider, unforced = provider, model, contextTokens, params }: Candidate,
  text: string | readonly string[],
  signal: AbortSignal,
): Promise<{ said: string; done: ChatDone }> {
  const texts = typeof text === "string" ? [text] : text;
  const messages = texts.map((text, at): Message =>
    at % 2 === 0 ? { role: "user", text } : { role: "assistant", text, toolCalls: [] },
  );
  const request: ChatRequest = {
    model: model.id,
    system: "",
    tools: [],
    messages,
    contextTokens,
    maxTokens: ANSWER_TOKENS,
    params,
    priority: "background",
    live: true,
  };
  let said = "";
  let done: ChatDone | undefined;
  for await (const event of unforced.chat(request, signal)) {
    if (event.type === "text") said += event.text;
    if (event.type === "done") done = event;
  }
  // `Provider.chat` ends with exactly one `done` or throws.
  return { said, done: done ?? { type: "done", reason: "stop", usage: NOTHING } };
}

const NOTHING = { inputTokens: 0, outputTokens: 0 };

function readingMs({ usage, timings }: ChatDone): number | undefined {
  const tokens = timings?.promptTokens ?? usage.inputTokens - (usage.cachedTokens ?? 0);
  return timings?.promptMs && tokens > 0 ? timings.promptMs / tokens : undefined;
}

const newNonce = () => `nonce-${randomBytes(4).toString("hex")}`;
