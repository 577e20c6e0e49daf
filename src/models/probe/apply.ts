import type { Scorecard, ToolMode } from "../../protocol/scorecard.ts";
import type { Candidate } from "../candidate.ts";
import type { Provider } from "../provider.ts";

export type Known = {
  card: Scorecard | undefined;
  /** `compat.supportsTools` of the config: a person's word comes before a measurement. */
  declared: boolean | undefined;
  /** Whether its server takes the context size with each request. */
  settable: boolean;
  /** The provider with calls in a forced form. */
  force: (provider: Provider) => Provider;
};

/** Less than this is no window to work in: then the measurement is not believed, and the first overflow tells. */
const LEAST_WINDOW_TOKENS = 1_024;

/** What was measured, put to use. Pure but for `force`, which is asked only where it is needed. */
export function withScorecard(candidate: Candidate, known: Known): Candidate {
  const { card, declared, settable, force } = known;
  const toolMode = chooseMode(candidate, card, declared);
  const { provider, contextTokens } = candidate;
  const cut = settable ? undefined : card?.context?.cutAtTokens;
  return {
    ...candidate,
    tools: toolMode !== "chat",
    toolMode,
    ...(toolMode === "constrained" && { provider: force(provider), unforced: provider }),
    ...(card && { scorecard: card }),
    // A server that takes less than it claims would cut a conversation from its start, without a word.
    contextTokens:
      cut !== undefined && cut >= LEAST_WINDOW_TOKENS
        ? Math.min(cut, contextTokens)
        : contextTokens,
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
