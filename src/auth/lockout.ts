/**
 * How often one may be wrong.
 *
 * A lock is kept per source *and* kind of credential, and loopback is no exception: any page in a local
 * browser can knock there. What it shuts out depends on what guessing could win:
 *
 * - **pairing codes** and the **environment's token** are short or chosen by people. While locked, a right
 *   one is refused too, else guessing would go on. Codes have a lock over all sources besides, because an
 *   attacker may have many addresses and there is one code to find.
 * - **keys** and **devices** are 160 random bits. Guessing wins nothing, so a right one always passes, and
 *   only wrong ones hear that they are locked. Thus nobody shuts a person out by guessing from the same
 *   address: the admin key, each other key and each paired browser work on.
 */

import ipaddr from "ipaddr.js";

import type { Clock } from "../base/clock.ts";
import { Fault } from "../base/fault.ts";

export type LockPolicy = {
  /** So many failures within the window lock. */
  failures: number;
  windowMs: number;
  lockMs: number;
};

/** What is remembered of one source: failures since the first of them, and the end of a lock. */
export type Tally = { failures: number; since: number; lockedUntil: number };

const MINUTE_MS = 60_000;
/** Ten typos in a minute are no person; five minutes make a word list useless. */
export const CREDENTIAL_POLICY: LockPolicy = {
  failures: 10,
  windowMs: MINUTE_MS,
  lockMs: 5 * MINUTE_MS,
};
/** The window is as long as a code lives. */
export const CODE_POLICY: LockPolicy = {
  failures: 10,
  windowMs: 10 * MINUTE_MS,
  lockMs: 5 * MINUTE_MS,
};
/** Over all sources. */
export const ALL_CODES_POLICY: LockPolicy = {
  failures: 50,
  windowMs: 10 * MINUTE_MS,
  lockMs: 10 * MINUTE_MS,
};

/** Seconds that a source stays locked; 0 when it is not. */
export function decideLockout(tally: Tally | undefined, now: number): number {
  if (!tally || tally.lockedUntil <= now) return 0;
  return Math.ceil((tally.lockedUntil - now) / 1_000);
}

/** The tally after one more failure. */
export function countFailure(tally: Tally | undefined, policy: LockPolicy, now: number): Tally {
  const isOver =
    !tally ||
    now - tally.since >= policy.windowMs ||
    (tally.lockedUntil > 0 && tally.lockedUntil <= now);
  const { failures, since } = isOver ? { failures: 0, since: now } : tally;
  const isLast = failures + 1 >= policy.failures;
  return { failures: failures + 1, since, lockedUntil: isLast ? now + policy.lockMs : 0 };
}

/** The tally when one that was counted turned out right. */
export function forgiveFailure(tally: Tally, policy: LockPolicy): Tally {
  const failures = Math.max(0, tally.failures - 1);
  const lockedUntil = failures < policy.failures ? 0 : tally.lockedUntil;
  return { ...tally, failures, lockedUntil };
}

export interface Lockout {
  /** Throws `AUTH_LOCKED` while the source is locked. */
  check(source: string): void;
  fail(source: string): void;
  forgive(source: string): void;
}

/** Sources remembered: 100 bytes each. Who has more addresses than this makes room by the oldest. */
const MAX_SOURCES = 10_000;

export function createLockout(policy: LockPolicy, clock: Clock): Lockout {
  const tallies = new Map<string, Tally>();
  return {
    check(source) {
      const seconds = decideLockout(tallies.get(source), clock.now());
      if (seconds > 0) throw new Fault("AUTH_LOCKED", { seconds });
    },
    fail(source) {
      const tally = countFailure(tallies.get(source), policy, clock.now());
      tallies.delete(source); // to the end: the map forgets from its start
      tallies.set(source, tally);
      const [oldest] = tallies.keys();
      if (tallies.size > MAX_SOURCES && oldest !== undefined) tallies.delete(oldest);
    },
    forgive(source) {
      const tally = tallies.get(source);
      if (tally) tallies.set(source, forgiveFailure(tally, policy));
    },
  };
}

/**
 * One source, however it is written: an IPv6 network of 64 bits is one, because its host part is free to
 * choose, and an IPv4 address inside IPv6 is that IPv4 address.
 */
export function toSource(from: string): string {
  if (!ipaddr.isValid(from)) return from;
  const address = ipaddr.process(from);
  if (address.kind() === "ipv4") return address.toString();
  const network = address.toByteArray().map((byte, index) => (index < 8 ? byte : 0));
  return ipaddr.fromByteArray(network).toString();
}
