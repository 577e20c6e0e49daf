/**
 * Who answers where nobody has said: the best model that is proved to run on this device, and the
 * demonstration model where there is none. While that one answers, each turn looks again.
 */

import { Fault } from "../../base/fault.ts";
import type { Candidate, Wanted } from "../candidate.ts";
import type { Candidates } from "./candidates.ts";
import { type Choice, chooseModel, type Memory, type Offer } from "./choose.ts";
import type { Provider } from "../provider.ts";
import { type Server, settingsOf } from "../server.ts";
import { askAgain, type Servers } from "../servers.ts";
import type { ModelsSettings } from "../settings.ts";
import { survey } from "../survey.ts";

export type AutomaticDeps = {
  servers: Servers;
  candidates: Candidates;
  settings: ModelsSettings;
  demonstration: Provider | undefined;
  memory: () => Memory;
};

export interface Automatic {
  /**
   * Throws `MODEL_NONE`, and what keeps the chosen one from answering: no other takes its place in silence.
   * What it finds is proved to be on this device, so that a private session may have it too.
   */
  choose(wanted: Pick<Wanted, "onWait">, signal: AbortSignal): Promise<Candidate>;
  /** What the last choice passed over, with reasons. */
  passedOver(): Choice["rejected"];
}

export function createAutomatic(deps: AutomaticDeps): Automatic {
  const { servers, candidates, settings, demonstration, memory } = deps;
  /** Stays the same from turn to turn. */
  let chosen: { ref: string; why: string } | undefined;
  let passedOver: Choice["rejected"] = [];

  /** The one that was chosen before; undefined where it is gone or the mode masks it now. */
  async function again(
    { onWait }: Pick<Wanted, "onWait">,
    signal: AbortSignal,
  ): Promise<Candidate | undefined> {
    if (!chosen) return undefined;
    try {
      return await candidates.make(chosen.ref, { why: chosen.why, onWait }, signal);
    } catch (error) {
      // A server that is down is told, not papered over: only these two mean that another must do.
      const replace = error instanceof Fault && REPLACED.has(error.code);
      if (!replace) throw error;
      return undefined;
    }
  }

  /** Models that config lists come before those that merely are there, but for those that only chat. */
  function chooseAmong(offers: readonly Offer[]): Choice {
    const listed = offers.filter(({ ref, model }) => {
      const id = ref.slice(0, -model.id.length - 1);
      const provider = Object.hasOwn(settings.providers, id) ? settings.providers[id] : undefined;
      return settingsOf(provider, model.id) !== undefined;
    });
    const first = chooseModel(listed, memory());
    if (canAct(first)) return first;
    const any = chooseModel(offers, memory());
    return canAct(any) || !first.chosen ? any : first;
  }

  async function demonstrate(why: string, signal: AbortSignal): Promise<Candidate> {
    if (!demonstration) throw new Fault("MODEL_NONE", { why });
    const server = await servers.open(demonstration.id, signal);
    const models = await servers.models(server, signal);
    const model = models.find(({ demonstration }) => demonstration);
    if (!model) throw new Fault("MODEL_NONE", { why });
    return candidates.of(server, model, `the built-in demonstration answers: ${why}`);
  }

  /** A silent server costs one choice some seconds, and then none: it is asked again beside the choice. */
  function mayHoldUp(id: string): boolean {
    const silence = servers.health.silence(id);
    if (silence?.due) askAgain(servers, id);
    return silence === undefined;
  }

  return {
    passedOver: () => passedOver,
    async choose(wanted, signal) {
      const before = await again(wanted, signal);
      if (before) return before;
      await servers.discover(signal);
      const ids = servers.ids().filter(mayHoldUp);
      const surveyed = await survey(ids, servers, signal);
      const offers = surveyed.offers
        .filter(({ offer }) => !offer.model.demonstration)
        .map(({ server, offer }) => ({ server, offer: asUsed(server, offer), model: offer.model }));
      const choice = chooseAmong(offers.map(({ offer }) => offer));
      passedOver = choice.rejected;
      const found = offers.find(({ offer }) => offer === choice.chosen);
      chosen = found && { ref: found.offer.ref, why: choice.why };
      if (!found) return demonstrate(choice.why, signal);
      return candidates.of(found.server, found.model, choice.why);
    },
  };

  /** What config or a scorecard gives no tools has none, whatever its server says. */
  function asUsed(server: Server, offer: Offer): Offer {
    if (candidates.of(server, offer.model, offer.why).tools) return offer;
    return { ...offer, model: { ...offer.model, tools: false } };
  }
}

/** As far as is known: a model may have tools where its server does not say so. */
const canAct = ({ chosen }: Choice) => chosen !== undefined && chosen.model.tools !== false;

const REPLACED = new Set(["MODEL_MISSING", "MODEL_NOT_ALLOWED", "MODEL_PROVIDER_UNKNOWN"]);
