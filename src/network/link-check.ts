/**
 * Tries one host that the config names, step by step, because a person asked for it. No key is sent, and
 * nothing but a request for the head of "/".
 */

import { lookup as lookupName } from "node:dns/promises";

import { abortable } from "../base/abortable.ts";
import type { Clock } from "../base/clock.ts";
import { Fault } from "../base/fault.ts";
import type { CheckReport, CheckStep } from "../protocol/reach.ts";
import type { Egress, Policy } from "./egress.ts";
import { type Outcome, type Sighting, toOutcome, toWords } from "./link-outcome.ts";
import { chooseNamed, type Named } from "./named.ts";
import { createPlace, openConnection, type PlaceOptions } from "./place.ts";
import { decideEgress } from "./policy.ts";
import { parseTarget, type Target } from "./target.ts";

export type LinkCheckOptions = PlaceOptions & {
  egress: Egress;
  policy: () => Policy;
  /** What config names, as it is written there, and by which setting. */
  named: readonly Named[];
  clock: Clock;
  lookup?: (name: string) => Promise<readonly string[]>;
};

/** What came of it, and what it tells of the link where it tells something. */
export type Checked = Omit<CheckReport, "link"> & { outcome: Outcome | undefined };

const PURPOSE = "mode.check";

/** As long as one who waits for an answer believes in it. */
const PATIENCE_MS = 15_000;

/** Throws `MODE_CHECK_NOTHING`, and `EGRESS_BLOCKED` for what config does not name or the mode does not reach. */
export type LinkCheck = (host: string | undefined, signal: AbortSignal) => Promise<Checked>;

export function createLinkCheck(options: LinkCheckOptions): LinkCheck {
  const { clock } = options;
  return async (host, signal) => {
    const chosen = chooseNamed(options.named, options.policy().mode, host);
    if (!chosen) throw refuse(options, host ?? "", "", UNNAMED);
    const { url, setting } = chosen;
    const target = parseTarget(url);
    const steps: Checked["steps"] = [];
    const limit = AbortSignal.any([signal, AbortSignal.timeout(PATIENCE_MS)]);
    /** Runs one step and notes it; throws what it threw. */
    const step = async <T>(
      name: CheckStep,
      act: () => Promise<T>,
      toDetail: (made: T) => string,
    ) => {
      const fromMs = clock.elapsedMs();
      const note = (state: "ok" | "failed", detail: string) =>
        void steps.push({ step: name, state, detail, ms: Math.round(clock.elapsedMs() - fromMs) });
      try {
        const made = await act();
        note("ok", toDetail(made));
        return made;
      } catch (error) {
        if (signal.aborted || isRefusal(error)) throw error;
        note("failed", limit.aborted ? LATE : toWords(error));
        throw error;
      }
    };
    const sighting = await walk(options, target, { step, steps, limit }).catch(
      (error: unknown): Sighting => {
        if (signal.aborted || isRefusal(error)) throw error;
        const end = { error: limit.aborted ? Object.assign(new Error(LATE), TIMED_OUT) : error };
        return {
          purpose: PURPOSE,
          host: hostOf(target),
          secure: target.secure,
          addresses: [],
          end,
        };
      },
    );
    const outcome = toOutcome(sighting);
    if (outcome?.verdict === "portal") tellImpostor(steps, outcome.reason);
    const ok = steps.every(({ state }) => state !== "failed");
    return { host: target.label, setting, ok, steps, outcome };
  };
}

const LATE = `no answer within ${PATIENCE_MS / 1_000} s`;
const TIMED_OUT = { code: "ETIMEDOUT" };

/** Ours, and no finding: the person is told what would allow it. */
const isRefusal = (error: unknown) => error instanceof Fault && error.code === "EGRESS_BLOCKED";

const hostOf = ({ destination }: Target) =>
  destination.kind === "tcp" ? destination.host : destination.path;

type Walk = {
  step: <T>(name: CheckStep, act: () => Promise<T>, toDetail: (made: T) => string) => Promise<T>;
  steps: Checked["steps"];
  limit: AbortSignal;
};

async function walk(options: LinkCheckOptions, target: Target, { step, steps, limit }: Walk) {
  const skip = (name: CheckStep, detail: string) =>
    void steps.push({ step: name, state: "skipped", detail, ms: 0 });
  const { secure } = target;
  const host = hostOf(target);
  let addresses = admit(options, target);
  if (addresses) skip("dns", "it is an address");
  else {
    const ask = options.lookup ?? ((name: string) => lookUp(options, name));
    const found = await step(
      "dns",
      () => abortable(ask(host), limit),
      (all) => all.join(", "),
    );
    addresses = admit(options, target, found) ?? [];
  }
  const place = createPlace(target, options);
  Object.assign(place, { addresses, purpose: PURPOSE });
  const socket = openConnection(place, options);
  try {
    const until = (event: string) => abortable(once(socket, event), limit);
    await step(
      "tcp",
      () => until("connect"),
      () => `${socket.remoteAddress} answers`,
    );
    if (secure)
      await step(
        "tls",
        () => until("secureConnect"),
        () => "its certificate is right",
      );
    else skip("tls", "the config says http");
  } finally {
    socket.destroy();
  }
  const url = `${secure ? "https" : "http"}://${target.hostHeader}/`;
  const { status, headers } = await step(
    "http",
    () => options.egress.request({ url, purpose: PURPOSE, method: "HEAD", signal: limit }),
    (response) => `it answers with status ${response.status}`,
  );
  return { purpose: PURPOSE, host, secure, addresses, end: { status, headers } };
}

/** An error of the socket comes once; who waits for an event must hear of it. */
function once(socket: ReturnType<typeof openConnection>, event: string): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once(event, () => resolve());
    socket.on("error", reject);
    socket.once("close", () => reject(Object.assign(new Error("closed"), { code: "ECONNRESET" })));
  });
}

async function lookUp(
  { doors, ledger }: LinkCheckOptions,
  name: string,
): Promise<readonly string[]> {
  const nothing = { address: "", sentBytes: 0, receivedBytes: 0, verdict: "allowed" } as const;
  ledger.append({ kind: "name", purpose: PURPOSE, host: name, ...nothing }); // the question may leave the machine
  const found = await doors.resolve(() => lookupName(name, { all: true }));
  return found.map(({ address }) => address);
}

/** What may be connected to; undefined where the name has to be asked for first. */
function admit(options: LinkCheckOptions, target: Target, answered?: readonly string[]) {
  const { destination, label } = target;
  if (destination.kind !== "tcp") return [];
  const asked = answered ? { ...destination, addresses: answered } : destination;
  const decision = decideEgress(options.policy(), asked);
  if (decision.verdict === "allowed") return decision.addresses;
  if (decision.verdict === "resolve") return undefined;
  throw refuse(options, label, decision.address, decision);
}

/** Also what the guard would let through, such as a port of this machine: only what is named is tried. */
const UNNAMED = {
  why: "no setting names it",
  allow: "Add it to network.allow in the config, or use it as a provider's baseUrl",
};

function refuse(
  { policy, ledger }: LinkCheckOptions,
  host: string,
  address: string,
  { why, allow }: { why: string; allow: string },
): Fault {
  ledger.append({
    kind: "request",
    purpose: PURPOSE,
    host,
    address,
    sentBytes: 0,
    receivedBytes: 0,
    verdict: "blocked",
    why,
  });
  return new Fault("EGRESS_BLOCKED", { host, mode: policy().mode, why, allow });
}

/** The plain answer came; what it shows is that somebody else gave it. */
function tellImpostor(steps: Checked["steps"], reason: string): void {
  const last = steps.at(-1);
  if (last && last.state !== "failed") Object.assign(last, { state: "failed", detail: reason });
}
