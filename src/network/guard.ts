import { lookup as lookupName } from "node:dns/promises";

import type { Clock } from "../base/clock.ts";
import { Fault } from "../base/fault.ts";
import type { LedgerLine } from "../protocol/api.ts";
import type { Doors } from "../process/doors.ts";
import type { Egress, EgressRequest, Policy } from "./egress.ts";
import type { Outcome } from "./exchange.ts";
import { exchange } from "./exchange.ts";
import type { Ledger } from "./ledger.ts";
import type { PinOf } from "./pin.ts";
import type { Place } from "./place.ts";
import { createPlace, timedOut } from "./place.ts";
import type { Sighting } from "./link-outcome.ts";
import { decideEgress, decideWeb } from "./policy.ts";
import type { Target } from "./target.ts";
import { parseTarget } from "./target.ts";

/** The guard as its owner holds it. */
export interface Guard extends Egress {
  /**
   * The way out for web tools, which ask a person about each host: to public addresses that no setting need
   * name, in mode `internet` only. A connection belongs to one request, and is closed with its answer.
   */
  readonly web: Egress;
  /** Ends what the policy no longer allows, requests under way too. To be called when mode or config change. */
  recheck(): void;
  /** Closes all connections; requests under way fail. */
  close(): void;
}

export type EgressOptions = {
  doors: Doors;
  /** Asked for each request, so that a change of mode holds for the next one. */
  policy: () => Policy;
  ledger: Pick<Ledger, "append">;
  clock: Clock;
  /** All addresses of a name; the system's resolver without it. */
  lookup?: (name: string) => Promise<readonly string[]>;
  /** Hears how each request over TCP went, once its head is there or will not come. Must not throw. */
  saw?: (sighting: Sighting) => void;
  /** Further certificates to trust, in PEM. Without it, those of Node and of NODE_EXTRA_CA_CERTS. */
  ca?: readonly string[];
  /** Whose key is known: certificates of others vouch for nothing there, and the key decides alone. */
  pinOf?: PinOf | undefined;
};

/**
 * How long an answer of the resolver holds. It names no lifetime; longer than a burst of requests, shorter
 * than people wait after they moved a server.
 */
const RESOLVED_MS = 30_000;

/** A resolver that works answers within one; offline, some are silent for half a minute. */
const RESOLVE_TIMEOUT_MS = 5_000;

export function createEgress(options: EgressOptions): Guard {
  const { doors, ledger, policy, clock } = options;
  const places = new Map<string, Place>();
  const webPlaces = new Set<Place>();
  const resolve = createResolver(options);

  doors.watch(({ kind, target }) =>
    ledger.append({ ...emptyLine(kind, target), kind: "attempt", verdict: "blocked" }),
  );

  /** The addresses that may be connected to for this target, or the fault that says why not. */
  async function admit(decide: Decide, target: Target, purpose: string, signal: AbortSignal) {
    let decision = decide(policy(), target.destination);
    if (decision.verdict === "resolve" && target.destination.kind === "tcp") {
      const { host } = target.destination;
      const addresses = await waitFor(resolve(host, purpose), host, signal);
      // Mode may have changed meanwhile: the policy is asked anew.
      decision = decide(policy(), { kind: "tcp", host, addresses });
    }
    if (decision.verdict === "allowed") return decision.addresses;
    const { address, why, allow } = decision.verdict === "blocked" ? decision : UNRESOLVED;
    ledger.append({ ...emptyLine(purpose, target.label), address, verdict: "blocked", why });
    throw new Fault("EGRESS_BLOCKED", { host: target.label, mode: policy().mode, why, allow });
  }

  function reach(target: Target, addresses: readonly string[]): Place {
    const place = places.get(target.key) ?? createPlace(target, options);
    places.set(target.key, place);
    place.addresses = addresses;
    return place;
  }

  function tell(
    purpose: string,
    { destination, secure }: Target,
    addresses: readonly string[],
    end: Sighting["end"],
  ): void {
    if (destination.kind !== "tcp") return;
    options.saw?.({ purpose, host: destination.host, secure, addresses, end });
  }

  /** Never over a connection that was opened for somebody else: that one may lead to another address. */
  function reachWeb(target: Target, addresses: readonly string[]): Place {
    const place = createPlace(target, options);
    place.addresses = addresses;
    webPlaces.add(place);
    return place;
  }

  async function send(request: EgressRequest, decide: Decide) {
    request.signal.throwIfAborted();
    const { purpose, signal } = request;
    const target = parseTarget(request.url);
    const at = clock.now();
    let addresses: readonly string[] = [];
    try {
      addresses = await admit(decide, target, purpose, signal);
      const place = decide === decideWeb ? reachWeb(target, addresses) : reach(target, addresses);
      const response = await exchange(place, request, target, (outcome) => {
        if (webPlaces.delete(place)) place.agent.destroy();
        ledger.append({ ...toLine(purpose, target, outcome), at });
      });
      tell(purpose, target, addresses, response);
      return response;
    } catch (error) {
      if (!signal.aborted) tell(purpose, target, addresses, { error });
      throw error;
    }
  }

  return {
    request: (request) => send(request, decideEgress),
    web: { request: (request) => send(request, decideWeb) },
    recheck() {
      for (const place of places.values()) recheckPlace(place, decideEgress, policy());
      for (const place of webPlaces) recheckPlace(place, decideWeb, policy());
    },
    close() {
      for (const { agent } of [...places.values(), ...webPlaces]) agent.destroy();
      places.clear();
    },
  };
}

type Decide = typeof decideEgress;

const UNRESOLVED = { address: "", why: "it has no address", allow: "Correct the name" };

function recheckPlace(place: Place, decide: Decide, policy: Policy): void {
  const { destination, label } = place.target;
  const known =
    destination.kind === "tcp" ? { ...destination, addresses: place.addresses } : destination;
  const decision = decide(policy, known);
  if (decision.verdict !== "blocked") return;
  const { why, allow } = decision;
  const fault = new Fault("EGRESS_BLOCKED", { host: label, mode: policy.mode, why, allow });
  for (const stop of place.running) stop(fault);
  place.agent.destroy();
}

/** Asks the resolver once for all who want the same name at the same time, and remembers a while. */
function createResolver({ doors, clock, ledger, lookup }: EgressOptions) {
  const known = new Map<string, { until: number; answer: Promise<readonly string[]> }>();
  const ask =
    lookup ??
    (async (name: string) => {
      const found = await doors.resolve(() => lookupName(name, { all: true }));
      return found.map(({ address }) => address);
    });
  return (name: string, purpose: string): Promise<readonly string[]> => {
    const found = known.get(name);
    if (found && found.until > clock.elapsedMs()) return found.answer;
    ledger.append({ ...emptyLine(purpose, name), kind: "name" }); // the question may leave the machine
    const answer = ask(name);
    known.set(name, { until: clock.elapsedMs() + RESOLVED_MS, answer });
    // A failure is not remembered; whoever asked hears of it through the promise itself.
    answer.catch(() => known.delete(name));
    return answer;
  };
}

/** The resolver cannot be stopped; who waits for it can, and waits no longer than is sensible. */
function waitFor<T>(answer: Promise<T>, host: string, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = () => reject(signal.reason);
    const timer = setTimeout(() => {
      const seconds = RESOLVE_TIMEOUT_MS / 1000;
      const params = { host, seconds, what: "address" };
      reject(new Fault("EGRESS_TIMEOUT", params, { cause: timedOut() }));
    }, RESOLVE_TIMEOUT_MS).unref();
    signal.addEventListener("abort", abort, { once: true });
    void answer.then(resolve, reject).finally(() => {
      clearTimeout(timer);
      signal.removeEventListener("abort", abort);
    });
  });
}

function emptyLine(purpose: string, host: string): Omit<LedgerLine, "at"> {
  return {
    kind: "request",
    purpose,
    host,
    address: "",
    sentBytes: 0,
    receivedBytes: 0,
    verdict: "allowed",
  };
}

function toLine(purpose: string, target: Target, outcome: Outcome): Omit<LedgerLine, "at"> {
  const { failure, ...counts } = outcome;
  return {
    ...emptyLine(purpose, target.label),
    ...counts,
    ...(failure === undefined ? {} : { why: failure }),
  };
}
