/**
 * How much fits: tokens, not characters. No server is asked to count; the ratio of bytes to tokens is
 * learnt per model from the usage that each answer reports, and begins on the safe side.
 */

import type { Candidate } from "../models/candidate.ts";

export interface Meter {
  /** About how many tokens so many bytes of prompt are for this model. */
  tokens(model: string, sizeBytes: number): number;
  learn(model: string, sizeBytes: number, inputTokens: number): void;
  /** As it was measured, without a margin; undefined before the first answer. */
  bytesPerToken(model: string): number | undefined;
}

export type Window = {
  contextTokens: number;
  /** Kept free for the answer. */
  reserveTokens: number;
  /** What system text, tools and messages may take together; Infinity for a model that fits them itself. */
  inputTokens: number;
};

/** English is about 4 bytes a token, Korean and code about 3; less room is assumed until measured. */
export const FIRST_BYTES_PER_TOKEN = 3;
/** Outside of these the report is no count of the whole prompt (some servers count fresh tokens only). */
const LEAST_BYTES_PER_TOKEN = 1;
const MOST_BYTES_PER_TOKEN = 6;
/** A new report counts for a third: two or three answers settle the ratio, one odd one does not turn it. */
const NEWS_WEIGHT = 1 / 3;
/** What comes next may be denser than what was measured: a listing after a talk. */
const MARGIN = 1.05;
/** Too few bytes say more about the template's overhead than about the ratio. */
const LEAST_SAMPLE_BYTES = 1_000;
/** Answers beyond this are rare, and a large window should go to the conversation. */
const MOST_RESERVE_TOKENS = 8_192;
/** No single text takes more of what the conversation has. Two of them and an answer still fit. */
const TEXT_SHARE = 0.35;

export function createMeter(): Meter {
  const ratios = new Map<string, number>();
  return {
    tokens: (model, sizeBytes) => {
      const ratio = ratios.get(model);
      return Math.ceil(ratio ? (sizeBytes / ratio) * MARGIN : sizeBytes / FIRST_BYTES_PER_TOKEN);
    },
    bytesPerToken: (model) => ratios.get(model),
    learn: (model, sizeBytes, inputTokens) => {
      const seen = sizeBytes / inputTokens;
      const isCredible = seen >= LEAST_BYTES_PER_TOKEN && seen <= MOST_BYTES_PER_TOKEN;
      if (sizeBytes < LEAST_SAMPLE_BYTES || !isCredible) return;
      const known = ratios.get(model);
      ratios.set(model, known === undefined ? seen : known + (seen - known) * NEWS_WEIGHT);
    },
  };
}

export function planWindow({ contextTokens, maxTokens, model }: Candidate): Window {
  if (model.fitsItself) return { contextTokens, reserveTokens: 0, inputTokens: Infinity };
  const most = Math.min(maxTokens ?? MOST_RESERVE_TOKENS, MOST_RESERVE_TOKENS);
  const reserveTokens = Math.min(most, Math.floor(contextTokens / 4));
  return { contextTokens, reserveTokens, inputTokens: contextTokens - reserveTokens };
}

/**
 * The most bytes of one text that are sent. It depends on what an epoch freezes and on no measurement:
 * a text that is cut must be cut at the same byte every time.
 */
export function textLimitBytes(window: Window, headBytes: number): number {
  const room = window.inputTokens * FIRST_BYTES_PER_TOKEN - headBytes;
  return Math.max(MIN_TEXT_BYTES, Math.floor(room * TEXT_SHARE));
}

/** Below this a text says nothing any more; a window that small is refused when the request does not fit. */
const MIN_TEXT_BYTES = 400;
