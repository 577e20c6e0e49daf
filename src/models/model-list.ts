import { Fault } from "../base/fault.ts";
import type { ModelList } from "../protocol/api.ts";
import type { Mode } from "../protocol/event.ts";
import type { Candidate } from "./candidate.ts";

/** `candidate.why` says where it runs and how that is known. */
export type Listed = { candidate: Candidate; allowed: boolean };

/** What `isopod models list` and the app show. Pure. */
export function toModelList(from: {
  models: readonly Listed[];
  mode: Mode;
  current: Candidate | Fault;
  faults: readonly Fault[];
}): ModelList {
  const { current, mode } = from;
  const nobody = current instanceof Fault;
  return {
    models: from.models.map((listed) => toEntry(listed, mode)),
    current: nobody ? null : current.ref,
    why: nobody ? current.message : current.why,
    faults: from.faults.map((fault) => fault.toJSON()),
  };
}

function toEntry({ candidate, allowed }: Listed, mode: Mode): ModelList["models"][number] {
  const { ref, provider, model, locality, contextTokens, tools, demonstration } = candidate;
  const reason = reasonAgainst({ candidate, allowed }, mode);
  return {
    ref,
    provider: provider.id,
    locality,
    contextTokens,
    ...(model.contextTokens !== undefined && { maxContextTokens: model.contextTokens }),
    ...(model.loadedContextTokens !== undefined && {
      loadedContextTokens: model.loadedContextTokens,
    }),
    ...(model.sizeBytes !== undefined && { sizeBytes: model.sizeBytes }),
    ...(model.digest !== undefined && { digest: model.digest }),
    // What nobody has said is not shown as a fact.
    ...((model.tools !== undefined || !tools) && { tools }),
    ...(model.vision !== undefined && { vision: model.vision }),
    ...(model.reasoning !== undefined && { reasoning: model.reasoning }),
    ...(model.loaded !== undefined && { loaded: model.loaded }),
    scorecard: candidate.scorecard ?? null,
    demonstration,
    ...(allowed && model.chat === false && { embeds: true }),
    usable: reason === undefined,
    ...(reason !== undefined && { reason }),
  };
}

function reasonAgainst({ candidate, allowed }: Listed, mode: Mode): string | undefined {
  if (!allowed) return `mode ${mode} does not reach it (${candidate.locality}): ${candidate.why}`;
  if (candidate.model.missing !== undefined) return candidate.model.missing;
  return candidate.model.chat === false ? "it only embeds, it does not chat" : undefined;
}
