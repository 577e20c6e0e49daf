/** Whether a model may be loaded, and with how much context. Pure: the library itself refuses nothing. */

import type { Machine } from "../../protocol/model-fit.ts";
import { chooseContext } from "../context.ts";
import { estimate, type Weights } from "../fit/estimate.ts";

export type Plan = { contextTokens: number } | { refusal: string };

/** Less is no context to talk in. */
const LEAST_TOKENS = 1_024;

/** `wished` is config's word: it is held to, or refused. Without it the context shrinks until it fits. */
export function planLoad(
  weights: Weights,
  {
    wished,
    machine,
  }: { wished: number | undefined; machine: Pick<Machine, "usable" | "ramBytes"> },
): Plan {
  const { maxContextTokens } = weights;
  const { contextTokens } = chooseContext({
    model: {
      id: weights.name,
      locality: "embedded",
      ...(maxContextTokens !== undefined && { contextTokens: maxContextTokens }),
    },
    settings: wished === undefined ? undefined : { contextWindow: wished },
    settable: true,
    totalMemoryBytes: machine.ramBytes,
  });
  const whole = estimate(weights, contextTokens, machine);
  if (whole.runs !== "none") return { contextTokens };
  const least = estimate(weights, Math.min(LEAST_TOKENS, contextTokens), machine);
  const { usable } = machine;
  const room = toGb(usable.gpuBytes + usable.ramBytes);
  if (least.runs === "none") {
    return { refusal: `it needs about ${toGb(least.totalBytes)} and ${room} can be used` };
  }
  const most = least.mostContextTokens ?? LEAST_TOKENS;
  if (wished === undefined) return { contextTokens: Math.min(most, contextTokens) };
  return {
    refusal: `with ${contextTokens} tokens of context it needs about ${toGb(whole.totalBytes)} and ${room} can be used; ${most} tokens fit`,
  };
}

const toGb = (bytes: number) => `${(bytes / 1e9).toFixed(1)} GB`;
