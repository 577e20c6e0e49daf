/**
 * How the link follows from what is seen: a pure `(state, signal, now) -> (state, effects)`.
 *
 * It gets worse at once, but for a moment's patience with a cable; it gets better no sooner than the hold-down
 * after it last got worse. The hold-down doubles while the link flaps. So nothing can swing faster than it.
 * It decides what is possible, never what is allowed: no signal can widen the mode.
 */

import type { Link, LinkOverride } from "../protocol/event.ts";
import type { Outcome } from "./link-outcome.ts";

/** `elapsedMs` stands still while the machine sleeps, `wallMs` does not: so a sleep is seen. */
export type Instant = { wallMs: number; elapsedMs: number };

/** What the interfaces and routes allow, before anybody has sent anything. */
export type Footing = {
  link: "no-link" | "local" | "unknown";
  reason: string;
  /** Equal for the same network: with another one, what was learnt of the last is worth nothing. */
  network: string;
};

export type Signal =
  | { kind: "look"; footing: Footing }
  /** A request was made anyway. */
  | { kind: "outcome"; outcome: Outcome }
  /** A person has tried by hand. */
  | { kind: "checked"; outcome: Outcome }
  /** A person says so; undefined takes it back. */
  | { kind: "override"; said: LinkOverride | undefined }
  | { kind: "tick" };

export type Effect =
  | { kind: "changed"; from: Link; to: Link; reason: string }
  /** The machine has slept: what was known of its connections is stale. */
  | { kind: "woke" };

export type LinkState = {
  readonly link: Link;
  readonly reason: string;
  readonly since: number;
  readonly footing: Footing;
  /** What requests told; forgotten with the network it was told of. */
  readonly verdict: Verdict | undefined;
  /** In a row. */
  readonly failures: readonly { host: string; atMs: number }[];
  /** A bad verdict ran out and nothing good has been seen since: one more failure is enough. */
  readonly suspect: boolean;
  readonly reached: { host: string; atMs: number } | undefined;
  /** Who could not prove to be itself, and nobody else has answered since. */
  readonly accused: string | undefined;
  /** How many hosts of the internet the config names: one alone speaks for the link, one of several for itself. */
  readonly hosts: number;
  readonly override: LinkOverride | undefined;
  /** A network without a default route over which a person has reached the internet all the same. */
  readonly proved: string | undefined;
  /** A change for the worse that waits for its moment of patience. */
  readonly worse: { link: Link; fromMs: number } | undefined;
  readonly worsenedMs: number;
  readonly holdMs: number;
  readonly at: Instant;
};

type Verdict = { link: "online" | "degraded" | "portal"; reason: string; untilMs: number };

/** A cable that is put in elsewhere, a change of access point: they are over in less. */
const PATIENCE_MS = 1_000;
/** After a flap, and after a sleep until the network has come up again. */
const FLAP_PATIENCE_MS = 3_000;
const WAKE_PATIENCE_MS = 5_000;
/** Routers and access points come back within it or flap on. */
export const MIN_HOLD_MS = 15_000;
export const MAX_HOLD_MS = 300_000;
/** A link that was steady for so long begins anew. */
const CALM_MS = 1_800_000;
/** Failures that are further apart are chance. */
const FAILURE_MS = 60_000;
/** One server that fails may be down itself; a second one is the link, or a third time where it is the only one. */
const HOSTS = 2;
const TIMES = 3;
/** Who was reached just now tells that a bad certificate of another is that one's own. */
const FRESH_MS = 30_000;
/** Clocks are put right by less. */
const SLEPT_MS = 5_000;

/** From worst to best. */
const RANK: Readonly<Record<Link, number>> = {
  "no-link": 0,
  local: 1,
  portal: 2,
  degraded: 3,
  unknown: 4,
  online: 5,
};
export const isWorse = (one: Link, other: Link): boolean => RANK[one] < RANK[other];

export function initialLink(footing: Footing, at: Instant, hosts = 1): LinkState {
  const { link, reason } = footing;
  return {
    link,
    reason,
    since: at.wallMs,
    footing,
    ...FORGOTTEN,
    hosts,
    override: undefined,
    proved: undefined,
    worse: undefined,
    worsenedMs: Number.NEGATIVE_INFINITY,
    holdMs: MIN_HOLD_MS,
    at,
  };
}

/** What was learnt of a network that is not there any more. */
const FORGOTTEN = {
  verdict: undefined,
  failures: [],
  suspect: false,
  reached: undefined,
  accused: undefined,
} as const;

export type Step = { state: LinkState; effects: readonly Effect[] };

export function stepLink(before: LinkState, signal: Signal, now: Instant): Step {
  const slept = now.wallMs - before.at.wallMs - (now.elapsedMs - before.at.elapsedMs) > SLEPT_MS;
  const awake = slept ? { ...before, ...FORGOTTEN, worse: undefined } : before;
  const heard = hear({ ...awake, at: now }, signal);
  const byPerson = signal.kind === "override" || signal.kind === "checked";
  const { state, effects } = settle(runOut(heard), { byPerson, slept });
  return { state, effects: slept ? [{ kind: "woke" }, ...effects] : effects };
}

/** Ms from now until time alone may change something; undefined where it cannot. */
export function dueInMs({ at, verdict, worse, ...state }: LinkState): number | undefined {
  const times = [
    ...(verdict && Number.isFinite(verdict.untilMs) ? [verdict.untilMs] : []),
    ...(worse ? [worse.fromMs] : []),
    ...(isWorse(state.link, targetOf({ verdict, ...state }).link)
      ? [state.worsenedMs + state.holdMs]
      : []),
  ];
  return times.length === 0 ? undefined : Math.max(0, Math.min(...times) - at.elapsedMs);
}

function hear(state: LinkState, signal: Signal): LinkState {
  switch (signal.kind) {
    case "tick":
      return state;
    case "look": {
      const { footing } = signal;
      const isSame = footing.network === state.footing.network;
      return { ...state, ...(isSame ? {} : FORGOTTEN), footing };
    }
    case "override":
      return { ...state, override: signal.said, holdMs: MIN_HOLD_MS };
    case "checked": {
      const { outcome } = signal;
      const proves = outcome.verdict === "reached" && state.footing.link === "local";
      const proved = proves ? state.footing.network : state.proved;
      return hearOutcome({ ...state, proved, holdMs: MIN_HOLD_MS }, outcome);
    }
    case "outcome":
      return hearOutcome(state, signal.outcome);
  }
}

function hearOutcome(state: LinkState, { host, verdict, reason }: Outcome): LinkState {
  const atMs = state.at.elapsedMs;
  if (verdict === "reached") {
    const online: Verdict = { link: "online", reason, untilMs: Number.POSITIVE_INFINITY };
    return { ...state, ...FORGOTTEN, reached: { host, atMs }, verdict: online };
  }
  // Without a way nothing arrives: that tells nothing new.
  if (footingOf(state).link !== "unknown") return state;
  const bad = (link: "degraded" | "portal"): LinkState => ({
    ...state,
    failures,
    verdict: { link, reason, untilMs: atMs + holdAfter(state) },
  });
  const { reached } = state;
  const failures = [
    ...state.failures.filter((failure) => atMs - failure.atMs < FAILURE_MS).slice(1 - TIMES),
    { host, atMs },
  ];
  if (verdict === "portal" || verdict === "uncertified") {
    const isItsOwn = reached && reached.host !== host && atMs - reached.atMs < FRESH_MS;
    if (isItsOwn) return state;
    // One bad certificate among several hosts must not keep the others from answering; TLS has kept the key.
    const isAlone = state.hosts > 1 && (state.accused ?? host) === host;
    const isCertain = verdict === "portal" || !isAlone;
    return { ...(isCertain ? bad("portal") : state), accused: host };
  }
  const failing = new Set(failures.map((failure) => failure.host)).size;
  const isEnough =
    failing >= HOSTS || (state.hosts <= 1 && (state.suspect || failures.length >= TIMES));
  // Somebody in the way does not go away because he is silent for once.
  if (state.verdict?.link === "portal") return { ...state, failures };
  return isEnough ? bad("degraded") : { ...state, failures };
}

/** A bad verdict holds as long as the hold-down; then the next request tries again. */
function runOut(state: LinkState): LinkState {
  const { verdict, at } = state;
  if (!verdict || at.elapsedMs < verdict.untilMs) return state;
  return { ...state, verdict: undefined, failures: [], suspect: true };
}

/** For people who see the cable in its socket. */
const HELD = "it is back and must hold for a while first";

/** Brings what is shown nearer to what is the case, as fast as patience and hold-down allow. */
function settle(
  state: LinkState,
  { byPerson, slept }: { byPerson: boolean; slept: boolean },
): Step {
  const target = targetOf(state);
  const { elapsedMs } = state.at;
  if (target.link === state.link) {
    return { state: { ...state, reason: target.reason, worse: undefined }, effects: [] };
  }
  if (!isWorse(target.link, state.link)) {
    const isHeld = elapsedMs - state.worsenedMs < state.holdMs;
    if (!isHeld || byPerson) return change();
    return { state: { ...state, reason: HELD, worse: undefined }, effects: [] };
  }
  const fromMs = state.worse?.fromMs ?? elapsedMs + patience();
  const waits = elapsedMs < fromMs && !byPerson;
  return waits
    ? { state: { ...state, worse: { link: target.link, fromMs } }, effects: [] }
    : change();

  function patience(): number {
    if (slept) return WAKE_PATIENCE_MS;
    if (target.link === state.verdict?.link) return 0;
    return elapsedMs - state.worsenedMs < state.holdMs ? FLAP_PATIENCE_MS : PATIENCE_MS;
  }

  function change(): Step {
    const { link, reason } = target;
    const worsened = isWorse(link, state.link)
      ? // To know less than before is no flapping.
        { worsenedMs: elapsedMs, holdMs: link === "unknown" ? state.holdMs : holdAfter(state) }
      : {};
    const shown = { link, reason, since: state.at.wallMs, worse: undefined };
    return {
      state: { ...state, ...worsened, ...shown },
      effects: [{ kind: "changed", from: state.link, to: link, reason }],
    };
  }
}

/** The hold-down that the next change for the worse brings. */
const holdAfter = ({ at, worsenedMs, holdMs }: LinkState): number =>
  at.elapsedMs - worsenedMs < CALM_MS ? Math.min(holdMs * 2, MAX_HOLD_MS) : MIN_HOLD_MS;

type Basis = Pick<LinkState, "override" | "footing" | "proved" | "verdict">;

/** What would be shown if nothing had to be waited for. */
function targetOf(state: Basis): { link: Link; reason: string } {
  const { override, verdict } = state;
  if (override === "down") return { link: "local", reason: "a person said that it is down" };
  const footing = override === "up" ? SAID_UP : footingOf(state);
  if (footing.link !== "unknown" || !verdict) return footing;
  return override === "up" && verdict.link !== "online" ? footing : verdict;
}

const SAID_UP: Omit<Footing, "network"> = {
  link: "unknown",
  reason: "a person said that it is up",
};

const footingOf = ({
  footing,
  proved,
}: Pick<Basis, "footing" | "proved">): Omit<Footing, "network"> =>
  footing.link === "local" && footing.network === proved
    ? { link: "unknown", reason: "a person has reached the internet from here" }
    : footing;
