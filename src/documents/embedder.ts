/**
 * Who makes vectors of passages: a model of the user's own. Text of documents goes to servers of this device, and
 * as far as the mode allows to those of the LAN and the mesh; never to a cloud, nor to a server that may forward it.
 */

import { Fault } from "../base/fault.ts";
import type { Candidate, Models } from "../models/candidate.ts";

export interface Embedder {
  /** The model, or why there is none. Asks the servers at most every few minutes. */
  find(signal: AbortSignal): Promise<{ model: string } | { why: string }>;
  /** What was found last, without asking anybody; undefined before. */
  known(): { model: string } | { why: string } | undefined;
  /** Throws what keeps the model from it. */
  embed(
    of: {
      model: string;
      texts: readonly string[];
      person: string;
      priority: "person" | "background";
    },
    signal: AbortSignal,
  ): Promise<readonly (readonly number[])[]>;
}

export type EmbedderDeps = {
  models: Pick<Models, "list" | "route">;
  /** "auto", "off", or `provider/model`. */
  wanted: string;
  now: () => number;
};

/** Where text may go; the mode forbids more. */
const NEAR = new Set(["embedded", "device", "lan", "mesh"]);
/** To ask all servers takes a while, and models for this are seldom added. */
const FRESH_MS = 5 * 60_000;

export function createEmbedder({ models, wanted, now }: EmbedderDeps): Embedder {
  let found: { at: number; who: { model: string } | { why: string } } | undefined;

  /** Also where it was chosen earlier: mode and servers may have changed since. */
  async function candidateOf(model: string, signal: AbortSignal): Promise<Candidate> {
    const [candidate] = await models.route({ picked: model, private: true }, signal);
    if (!candidate?.provider.embed) throw new Fault("MODEL_WITHOUT_EMBEDDINGS", { ref: model });
    if (!NEAR.has(candidate.locality)) throw new Fault("MODEL_NONE", { why: FAR });
    return candidate;
  }

  async function look(signal: AbortSignal): Promise<{ model: string } | { why: string }> {
    if (wanted === "off") return { why: "documents.embeddings is off" };
    try {
      const model = wanted === "auto" ? await firstOf(models, signal) : wanted;
      if (model === undefined)
        return { why: "no model server of yours has a model for embeddings" };
      await candidateOf(model, signal);
      return { model };
    } catch (error) {
      if (signal.aborted || !(error instanceof Fault)) throw error;
      return { why: error.message };
    }
  }

  return {
    known: () => found?.who,
    async find(signal) {
      if (found && now() - found.at < FRESH_MS) return found.who;
      if (found) found.at = now(); // one asks; the others go on with what is known
      const who = await look(signal);
      found = { at: now(), who };
      return who;
    },
    async embed({ model, texts, person, priority }, signal) {
      const { provider, model: at, contextTokens, params } = await candidateOf(model, signal);
      const request = { model: at.id, texts, contextTokens, params, person, priority };
      const made = await provider.embed?.(request, signal);
      return made?.vectors ?? [];
    },
  };
}

const FAR = "documents are sent to no server beyond your own machines";

/** In the order of the list, which is the same each time. */
async function firstOf({ list }: Pick<Models, "list">, signal: AbortSignal) {
  const { models } = await list(signal);
  return models.find(({ embeds, locality }) => embeds && NEAR.has(locality))?.ref;
}
