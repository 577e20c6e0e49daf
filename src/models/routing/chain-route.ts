/** The route of a configured chain: all of it that can be asked now, and why the rest cannot. */

import { Fault } from "../../base/fault.ts";
import type { Candidate, Wanted } from "../candidate.ts";
import { describeLink } from "../../network/link.ts";
import { type Limits, placeBeforehand } from "../reach.ts";
import { askAgain, type Servers } from "../servers.ts";
import type { Candidates } from "./candidates.ts";
import { type Link, tellInstead } from "./chain.ts";

export type ChainRouteDeps = {
  servers: Servers;
  candidates: Candidates;
} & Pick<Limits, "reach">;

/** Servers that have failed lately come last. Throws the fault of the first where none is left. */
export type ChainRoute = (
  chain: readonly Link[],
  wanted: Wanted,
  signal: AbortSignal,
) => Promise<Candidate[]>;

export function createChainRoute({ servers, candidates, reach }: ChainRouteDeps): ChainRoute {
  async function routeOf(
    chain: readonly Link[],
    wanted: Wanted,
    signal: AbortSignal,
  ): Promise<Candidate[]> {
    const found = await collect(chain, { ...wanted, skipSilent: true }, signal);
    // Nobody else is there: then a silent one is worth the wait.
    const { route, failed } =
      found.route.length > 0
        ? found
        : await collect(chain, { ...wanted, skipSilent: false }, signal);
    if (route.length === 0 && failed[0]) throw failed[0].fault;
    const isPoor = ({ provider }: Candidate) => Number(servers.health.isPoor(provider.id));
    const ordered = route.toSorted((a, b) => isPoor(a) - isPoor(b));
    const reasons = failed.map(({ ref, fault: { code, message } }) => ({ ref, code, message }));
    return tellInstead(ordered, { route, failed: reasons, wanted: chain[0]?.ref ?? "" });
  }

  async function collect(
    chain: readonly Link[],
    { skipSilent, ...wanted }: Wanted & { skipSilent: boolean },
    signal: AbortSignal,
  ): Promise<{ route: Candidate[]; failed: { ref: string; fault: Fault }[] }> {
    const route: Candidate[] = [];
    const failed: { ref: string; fault: Fault }[] = [];
    for (const { ref, why } of chain) {
      try {
        if (skipSilent) refuseSilent(ref);
        const candidate = await candidates.make(ref, { ...wanted, why }, signal);
        if (!route.some((known) => known.ref === candidate.ref)) route.push(candidate);
      } catch (error) {
        if (signal.aborted || !(error instanceof Fault)) throw error;
        failed.push({ ref, fault: error });
      }
    }
    return { route, failed };
  }

  /** What does not answer would cost each turn seconds, be it the whole internet or one server that listens. */
  function refuseSilent(ref: string): void {
    const id = ref.slice(0, Math.max(0, ref.indexOf("/")));
    const seen = reach?.();
    const address = seen?.link === "degraded" ? servers.addressOf(id) : undefined;
    if (seen && address && placeBeforehand(address).locality === "cloud") {
      throw new Fault("MODEL_LINK_DOWN", { ref, link: describeLink(seen) });
    }
    // The one server is asked beside the turn instead.
    const silence = servers.health.silence(id);
    if (!silence) return;
    if (silence.due) askAgain(servers, id);
    throw silence.fault;
  }

  return routeOf;
}
