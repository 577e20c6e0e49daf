/** Who is to be asked, in which order and why, by what people and config have said. Pure. */

import type { Candidate, Chain, Wanted } from "../candidate.ts";

export type Link = { ref: string; why: string };

export type Said = {
  /** `agents.defaults.model`. */
  chain: Chain;
  /** `agents.defaults.heartbeat.model`. */
  heartbeat?: Chain | undefined;
  /** What `isopod models use` said last. */
  used: string | undefined;
  /** `OLLAMA_MODEL`. */
  ollamaModel: string | undefined;
};

export const CHOSEN = "it was chosen with `isopod models use`";

/** First one first, with the reason; nobody where nobody has said. */
export function toChain(
  { chain: own, purpose }: Pick<Wanted, "chain" | "purpose">,
  said: Said,
): Link[] {
  if (own?.primary !== undefined) return toLinks(own.primary, "the agent's own model", own);
  const { heartbeat, chain, used, ollamaModel } = said;
  if (purpose === "heartbeat" && heartbeat?.primary !== undefined) {
    return toLinks(heartbeat.primary, "it is the model for heartbeats", heartbeat);
  }
  if (used) return toLinks(used, CHOSEN, chain);
  if (chain.primary) return toLinks(chain.primary, "it is the configured model", chain);
  if (ollamaModel) return toLinks(`ollama/${ollamaModel}`, "OLLAMA_MODEL names it", chain);
  return [];
}

function toLinks(primary: string, why: string, { fallbacks }: Chain): Link[] {
  const rest = [...new Set(fallbacks)].filter((ref) => ref !== primary);
  return [
    { ref: primary, why },
    ...rest.map((ref) => ({ ref, why: "it is a configured fallback" })),
  ];
}

/** Why one that is configured cannot be asked now. */
export type Failed = { ref: string; code: string; message: string };

/** Marks a first one that is not who was configured: such a switch is never silent. */
export function tellInstead(
  ordered: readonly Candidate[],
  from: { route: readonly Candidate[]; failed: readonly Failed[]; wanted: string },
): Candidate[] {
  const [first, ...rest] = ordered;
  if (!first) return [];
  const failed = from.failed.find(({ ref }) => ref === from.wanted);
  if (failed) return [{ ...first, insteadOf: failed }, ...rest];
  const [primary] = from.route;
  if (!primary || primary === first) return [...ordered];
  const message = `"${primary.ref}" has failed several times in a row and is asked last for a while`;
  return [{ ...first, insteadOf: { ref: primary.ref, code: "MODEL_SET_BACK", message } }, ...rest];
}
