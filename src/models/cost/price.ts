/** What a request costs. Pure; prices come from config alone, nothing is built in or looked up. */

import type { Usage } from "../../protocol/event.ts";

/** In the configured currency, per million tokens. */
export type Price = {
  input?: number | undefined;
  output?: number | undefined;
  /** What the server took from its cache, and what it put there; the price of `input` without them. */
  cacheRead?: number | undefined;
  cacheWrite?: number | undefined;
};

export type Counted = Pick<
  Usage,
  "inputTokens" | "outputTokens" | "cachedTokens" | "cacheWriteTokens"
>;

const MILLION = 1_000_000;

export function costOf(usage: Counted, price: Price | undefined): number {
  if (!price) return 0;
  const { input = 0, output = 0, cacheRead = input, cacheWrite = input } = price;
  const read = Math.min(usage.cachedTokens ?? 0, usage.inputTokens);
  const written = Math.min(usage.cacheWriteTokens ?? 0, usage.inputTokens - read);
  const fresh = usage.inputTokens - read - written;
  const perMillion =
    fresh * input + read * cacheRead + written * cacheWrite + usage.outputTokens * output;
  return perMillion / MILLION;
}

/** A price of nothing is what examples write for local models; it is none to compare with. */
export const isPriced = (price: Price | undefined): price is Price =>
  price !== undefined && Object.values(price).some((each) => (each ?? 0) > 0);
