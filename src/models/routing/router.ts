/**
 * Who answers. A person's pick or config's chain where there is one, else what `automatic.ts` finds. A
 * route never reaches further than the mode, and never holds what nobody configured.
 */

import { Fault } from "../../base/fault.ts";
import type { ModelList } from "../../protocol/api.ts";
import type { ModelStatus } from "../../protocol/event.ts";
import { createAutomatic } from "./automatic.ts";
import type { Candidate, Models } from "../candidate.ts";
import { createCandidates } from "./candidates.ts";
import type { Choice, Memory } from "./choose.ts";
import type { Note } from "../discovery.ts";
import { allows } from "../locality.ts";
import { toModelList } from "../model-list.ts";
import { createServers, type ServersDeps } from "../servers.ts";
import { survey } from "../survey.ts";

export type RouterDeps = ServersDeps & {
  /** `agents.defaults.model`. */
  chain: { primary?: string | undefined; fallbacks: readonly string[] };
  /** Asked anew for each choice: what is free changes. */
  memory: () => Memory;
  /** What a person said with `isopod models use`, kept over a restart. It comes before config's primary. */
  chosen: { get(): string | undefined; set(ref: string | undefined): Promise<void> };
};

/** Opens nothing until it is asked. */
export function createRouter(deps: RouterDeps): Models {
  const { mode, settings, demonstration, memory } = deps;
  const servers = createServers(deps);
  const totalMemoryBytes = memory().totalBytes;
  const candidates = createCandidates({ servers, mode, totalMemoryBytes });
  const automatic = createAutomatic({ servers, candidates, settings, demonstration, memory });

  async function route(picked: string | undefined, signal: AbortSignal): Promise<Candidate[]> {
    if (picked !== undefined) {
      return [await candidates.make(picked, "it was picked for this session", signal)];
    }
    const chain = toChain(deps);
    return chain.length > 0 ? routeOf(chain, signal) : [await automatic.choose(signal)];
  }

  /** All of the chain that can be asked, those whose server has failed lately last. */
  async function routeOf(chain: readonly Link[], signal: AbortSignal): Promise<Candidate[]> {
    const route: Candidate[] = [];
    const failed: Failed[] = [];
    for (const { ref, why } of chain) {
      try {
        const candidate = await candidates.make(ref, why, signal);
        if (!route.some((known) => known.ref === candidate.ref)) route.push(candidate);
      } catch (error) {
        if (signal.aborted || !(error instanceof Fault)) throw error;
        failed.push({ ref, fault: error });
      }
    }
    if (route.length === 0 && failed[0]) throw failed[0].fault;
    const isPoor = ({ provider }: Candidate) => Number(servers.health.isPoor(provider.id));
    const ordered = route.toSorted((a, b) => isPoor(a) - isPoor(b));
    return tellInstead(ordered, route, failed, chain[0]?.ref);
  }

  async function first(signal: AbortSignal): Promise<Candidate | Fault> {
    try {
      const [candidate] = await route(undefined, signal);
      return candidate ?? new Fault("MODEL_NONE", { why: "the route is empty" });
    } catch (error) {
      if (signal.aborted || !(error instanceof Fault)) throw error;
      return error;
    }
  }

  async function list(signal: AbortSignal): Promise<ModelList> {
    for (const id of servers.ids()) servers.forget(id);
    await servers.discover(signal);
    const current = await first(signal);
    const { offers, faults } = await survey(servers.ids(), servers, signal);
    const models = offers.map(({ server, offer }) => ({
      candidate: candidates.of(server, offer.model, offer.why),
      allowed: allows(mode(), offer.locality),
    }));
    return toModelList({ models, mode: mode(), current, faults });
  }

  return {
    route,
    list,

    async use(ref, signal) {
      if (ref === AUTOMATIC) {
        await deps.chosen.set(undefined);
        const candidate = await first(signal);
        if (candidate instanceof Fault) throw candidate;
        return toStatus(candidate);
      }
      const candidate = await candidates.make(ref, CHOSEN, signal);
      await deps.chosen.set(candidate.ref);
      return toStatus(candidate);
    },

    async current(signal) {
      const candidate = await first(signal);
      return candidate instanceof Fault ? null : toStatus(candidate);
    },

    notes: () => [...servers.notes(), ...automatic.passedOver().map(toNote)],
    close: () => servers.close(),
  };
}

type Link = { ref: string; why: string };
type Failed = { ref: string; fault: Fault };

/** In place of a model's name: what config names again, or the best that is found. */
const AUTOMATIC = "auto";
const CHOSEN = "it was chosen with `isopod models use`";

/** Who is configured to answer, first one first, with the reason; nobody where nobody has said. */
function toChain({ chosen, chain, env }: RouterDeps): Link[] {
  const used = chosen.get();
  const named = env["OLLAMA_MODEL"];
  const primary = used
    ? { ref: used, why: CHOSEN }
    : chain.primary
      ? { ref: chain.primary, why: "it is the configured model" }
      : named
        ? { ref: `ollama/${named}`, why: "OLLAMA_MODEL names it" }
        : undefined;
  if (!primary) return [];
  const rest = chain.fallbacks.filter((ref) => ref !== primary.ref);
  return [primary, ...rest.map((ref) => ({ ref, why: "it is a configured fallback" }))];
}

/** Marks a first one that is not who was configured: such a switch is never silent. */
function tellInstead(
  ordered: readonly Candidate[],
  route: readonly Candidate[],
  failed: readonly Failed[],
  wanted: string | undefined,
): Candidate[] {
  const [first, ...rest] = ordered;
  if (!first || wanted === undefined) return [...ordered];
  const fault = failed.find(({ ref }) => ref === wanted)?.fault;
  if (fault) {
    const { code, message } = fault;
    return [{ ...first, insteadOf: { ref: wanted, code, message } }, ...rest];
  }
  const [primary] = route;
  if (!primary || primary === first) return [...ordered];
  const message = `"${primary.ref}" has failed several times in a row and is asked last for a while`;
  return [{ ...first, insteadOf: { ref: primary.ref, code: "MODEL_SET_BACK", message } }, ...rest];
}

const toNote = ({ ref, reason }: Choice["rejected"][number]): Note => ({
  code: "MODEL_PASSED_OVER",
  text: `"${ref}" was not taken by itself: ${reason}`,
});

function toStatus(candidate: Candidate): ModelStatus {
  const { ref, locality, contextTokens, tools, demonstration, why } = candidate;
  return { ref, locality, contextTokens, tools, demonstration, why };
}
