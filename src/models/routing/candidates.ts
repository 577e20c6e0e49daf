/** Makes candidates of models: checks the mode, settles the context, takes config's word where it counts. */

import type { Candidate, Wanted } from "../candidate.ts";
import { chooseContext } from "../context.ts";
import { findModel, findProvider } from "../find-model.ts";
import { type Place, placeOfModel } from "../locality.ts";
import type { Model } from "../provider.ts";
import type { Params } from "../params/fields.ts";
import { wishesFor } from "../params/wishes.ts";
import type { ApplyScorecard } from "../probe/apply.ts";
import { checkPrivate, checkReach, type Limits, placeBeforehand } from "../reach.ts";
import { type Server, settingsOf } from "../server.ts";
import type { Servers } from "../servers.ts";
import { sightOf } from "../sight.ts";

export type CandidateDeps = Limits & {
  servers: Servers;
  totalMemoryBytes: number;
  /** Of every model, where neither it nor its provider says otherwise. */
  params: Params;
  /** Puts to use what was measured of a model; nothing is without it. */
  applyScorecard?: ApplyScorecard | undefined;
};

export type CandidateOptions = { why: string } & Pick<Wanted, "private" | "onWait">;

export interface Candidates {
  /**
   * The model that `ref` means, ready to be asked; its server is started where config says how. Throws
   * `MODEL_PROVIDER_UNKNOWN`, `MODEL_MISSING`, `MODEL_NOT_ALLOWED`, `MODEL_LINK_DOWN`, `MODEL_SESSION_PRIVATE`, and what
   * `Servers.open` throws.
   */
  make(ref: string, options: CandidateOptions, signal: AbortSignal): Promise<Candidate>;
  /** The same for a model that is at hand; does not look at the mode. */
  of(server: Server, model: Model, why: string): Candidate;
}

export function createCandidates(deps: CandidateDeps): Candidates {
  const { servers, totalMemoryBytes } = deps;
  /** One value for one model: with another the server would load it anew. */
  const contexts = new Map<string, number>();

  function contextOf(ref: string, { settable, settings }: Server, model: Model): number {
    const known = contexts.get(ref);
    if (known !== undefined) return known;
    const wishes = wishesFor(settingsOf(settings, model.id), settings, deps.params);
    const { contextTokens } = chooseContext({
      model,
      settings: wishes,
      settable,
      totalMemoryBytes,
    });
    // Where the server fixes it, its word is asked for each time: it may have been started anew.
    if (settable) contexts.set(ref, contextTokens);
    return contextTokens;
  }

  function of(server: Server, model: Model, why: string): Candidate {
    const ref = `${server.id}/${model.id}`;
    const own = settingsOf(server.settings, model.id);
    const { supportsTools } = { ...server.settings?.compat, ...own?.compat };
    const { maxTokens, params } = wishesFor(own, server.settings, deps.params);
    const vision = sightOf(model, own?.input);
    const candidate: Candidate = {
      ref,
      provider: server.provider,
      model: vision === undefined ? model : { ...model, vision },
      locality: placeOfModel(model.locality, server.place).locality,
      contextTokens: contextOf(ref, server, model),
      ...(maxTokens !== undefined && { maxTokens }),
      params,
      // Most that say nothing of it can; a server refuses for the others, and says so.
      tools: supportsTools ?? model.tools ?? true,
      demonstration: model.demonstration ?? false,
      why,
    };
    const { settable } = server;
    return deps.applyScorecard?.(candidate, { supportsTools, settable }) ?? candidate;
  }

  function check(asked: { ref: string; provider: string }, place: Place, isPrivate: boolean) {
    if (isPrivate) checkPrivate(asked, place); // first: no mode allows it
    checkReach(asked, place, deps);
  }

  return {
    of,
    async make(ref, { why, private: isPrivate = false, onWait }, signal) {
      /** Before the first byte: what lies beyond the mode is not even asked what it is. */
      const mayAsk = (provider: string) => {
        const address = servers.addressOf(provider);
        if (address) check({ ref, provider }, placeBeforehand(address), isPrivate);
      };
      const named = await findProvider(ref, { servers, mayAsk }, signal);
      mayAsk(named.provider);
      const server = await servers.open(named.provider, signal, { start: true, onWait });
      const model = await findModel(server, named.model, servers, signal);
      const place = placeOfModel(model.locality, server.place);
      check({ ref, provider: server.id }, place, isPrivate);
      return of(server, model, why);
    },
  };
}
