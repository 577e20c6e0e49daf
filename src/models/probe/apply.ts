/** What was measured of a model, put to use: how it calls tools, and how much of its window is believed. */

import type { Scorecard, ToolMode } from "../../protocol/scorecard.ts";
import type { Candidate } from "../candidate.ts";
import { constrained } from "../constrained/constrained.ts";
import type { Provider } from "../provider.ts";
import type { Scorecards } from "./cards.ts";

export type Declared = {
  /** `compat.supportsTools` of the config: a person's word comes before a measurement. */
  supportsTools: boolean | undefined;
  /** Whether its server takes the context size with each request. */
  settable: boolean;
};

/** The candidate as it is used from now on. Sends nothing. */
export type ApplyScorecard = (candidate: Candidate, declared: Declared) => Candidate;

export function createApplyScorecard(deps: {
  cards: Pick<Scorecards, "of">;
  newCallId: () => string;
}): ApplyScorecard {
  /** One for each provider: it remembers what it has rewritten, so that requests only grow. */
  const forced = new WeakMap<Provider, Provider>();
  const force = (provider: Provider): Provider => {
    const known = forced.get(provider) ?? constrained(provider, deps.newCallId);
    forced.set(provider, known);
    return known;
  };
  return (candidate, { supportsTools, settable }) => {
    const { provider, model } = candidate;
    const card = deps.cards.of(provider.baseUrl, model);
    const toolMode = chooseMode(candidate, card, supportsTools);
    return {
      ...candidate,
      tools: toolMode !== "chat",
      toolMode,
      ...(toolMode === "constrained" && { provider: force(provider), unforced: provider }),
      ...(card && { scorecard: card }),
      contextTokens: settable ? candidate.contextTokens : believed(candidate.contextTokens, card),
    };
  };
}

function chooseMode(
  { tools }: Candidate,
  card: Scorecard | undefined,
  declared: boolean | undefined,
): ToolMode {
  if (declared !== undefined) return declared ? "native" : "chat";
  return card?.mode ?? (tools ? "native" : "chat");
}

/** Less than this is no window to work in: then the first overflow tells. */
const LEAST_WINDOW_TOKENS = 1_024;

/** A server that takes less than it claims would cut a conversation from its start, without a word. */
function believed(contextTokens: number, card: Scorecard | undefined): number {
  const cut = card?.context?.cutAtTokens;
  return cut !== undefined && cut >= LEAST_WINDOW_TOKENS
    ? Math.min(cut, contextTokens)
    : contextTokens;
}
