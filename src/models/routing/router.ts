/**
 * Who answers. A person's pick or config's chain where there is one, else what `automatic.ts` finds. A
 * route never reaches further than the mode, and never holds what nobody configured.
 */

import { Fault } from "../../base/fault.ts";
import type { ModelList } from "../../protocol/api.ts";
import type { ModelStatus } from "../../protocol/event.ts";
import { createAutomatic } from "./automatic.ts";
import type { Candidate, Chain, Models, Wanted } from "../candidate.ts";
import { createCandidates } from "./candidates.ts";
import { CHOSEN, toChain } from "./chain.ts";
import { createChainRoute } from "./chain-route.ts";
import type { Choice, Memory } from "./choose.ts";
import type { Note } from "../discovery.ts";
import { allows } from "../locality.ts";
import { createKeeping } from "../keeping/keeping.ts";
import type { ApplyScorecard } from "../probe/apply.ts";
import { toModelList } from "../model-list.ts";
import { createServers, type ServersDeps } from "../servers.ts";
import { survey } from "../survey.ts";

export type RouterDeps = ServersDeps & {
  /** `agents.defaults.model`. */
  chain: Chain;
  /** `agents.defaults.heartbeat.model`. */
  heartbeat?: Chain | undefined;
  /** Puts to use what was measured of a model; nothing is without it. */
  applyScorecard?: ApplyScorecard | undefined;
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
  const { params } = settings;
  const candidates = createCandidates({
    servers,
    mode,
    reach: deps.reach,
    cap: deps.cap,
    totalMemoryBytes,
    params,
    applyScorecard: deps.applyScorecard,
  });
  const automatic = createAutomatic({ servers, candidates, settings, demonstration, memory });

  const chainRoute = createChainRoute({ servers, candidates, reach: deps.reach });

  async function route(wanted: Wanted, signal: AbortSignal): Promise<Candidate[]> {
    if (wanted.picked !== undefined) {
      const why = "it was picked for this session";
      return [await candidates.make(wanted.picked, { ...wanted, why }, signal)];
    }
    const chain = toChain(wanted, {
      chain: deps.chain,
      heartbeat: deps.heartbeat,
      used: deps.chosen.get(),
      ollamaModel: deps.env["OLLAMA_MODEL"],
    });
    return chain.length > 0
      ? chainRoute(chain, wanted, signal)
      : [await automatic.choose(wanted, signal)];
  }

  async function first(signal: AbortSignal): Promise<Candidate | Fault> {
    try {
      const [candidate] = await route({}, signal);
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
      const candidate = await candidates.make(ref, { why: CHOSEN }, signal);
      await deps.chosen.set(candidate.ref);
      return toStatus(candidate);
    },

    async current(signal) {
      const candidate = await first(signal);
      return candidate instanceof Fault ? null : toStatus(candidate);
    },

    keeping: createKeeping({ ...deps, servers, candidates, capped: deps.cap === "private" }),
    queues: () => servers.queues(),
    notes: () => [...servers.notes(), ...automatic.passedOver().map(toNote)],
    close: () => servers.close(),
  };
}

/** In place of a model's name: what config names again, or the best that is found. */
const AUTOMATIC = "auto";
const toNote = ({ ref, reason }: Choice["rejected"][number]): Note => ({
  code: "MODEL_PASSED_OVER",
  text: `"${ref}" was not taken by itself: ${reason}`,
});

function toStatus(candidate: Candidate): ModelStatus {
  const { ref, locality, contextTokens, tools, demonstration, why } = candidate;
  return { ref, locality, contextTokens, tools, demonstration, why };
}
