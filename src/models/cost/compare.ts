/** What local work is compared with, and what it would have cost there. Pure. */

import { isPriced, type Price } from "./price.ts";
import { costOf, type Counted } from "./price.ts";

export type Comparison = { ref: string; price: Price };

export type ComparisonInput = {
  /** `cost.compareWith`. */
  wanted: string | undefined;
  /** Those of the chain first, then all that config names. */
  refs: readonly string[];
  priceOf: (ref: string) => Price | undefined;
  isCloud: (ref: string) => boolean;
};

/** Undefined where nothing that config names is in the cloud and has a price. */
export function chooseComparison(input: ComparisonInput): Comparison | undefined {
  const { wanted, refs, priceOf, isCloud } = input;
  const ref = wanted ?? refs.find((ref) => isCloud(ref) && isPriced(priceOf(ref)));
  const price = ref === undefined ? undefined : priceOf(ref);
  return ref !== undefined && isPriced(price) ? { ref, price } : undefined;
}

/** Cached tokens at the price of cached ones: a cloud would have cached them too. */
export const avoidedBy = (usage: Counted, comparison: Comparison | undefined): number =>
  comparison ? costOf(usage, comparison.price) : 0;
