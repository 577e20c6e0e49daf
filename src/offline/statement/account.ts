/**
 * Whether what left, as the kernel counted it, is what the ledger tells of. Pure; `scripts/verify-statement.mjs`
 * does the same once more from the lines alone, so a change here is one there.
 */

import { readAddress } from "../../network/address.ts";
import type { LedgerLine } from "../../protocol/api.ts";
import type { Counted } from "../../protocol/counters.ts";

/** How far the counters went on over all runs of the gateway in the interval. */
export type Left = Counted;

export type Peer = {
  host: string;
  address: string;
  /** `program`: one that was given the network of the gateway. */
  place: "device" | "unix" | "lan" | "mesh" | "internet" | "program";
  purposes: string[];
  requests: number;
  connections: number;
  sentBytes: number;
  receivedBytes: number;
  /** `counted`: it shares the namespace whose counters decide. */
  onward: "counted" | "not proven";
};

/** IPv6 and TCP with its usual options; IPv4 takes 20 bytes less. */
const HEADER_BYTES = 72;
/** The largest of what the kernel says of itself over IPv6: a report of eight groups. */
const CHATTER_BYTES = 216;
const RESENT_BYTES = 1500;
/** A question to a resolver with its retries, for both families. */
const NAME_BYTES = 2_000;
/** Ethernet's, which loopback counts as well. */
const LOOPBACK_BYTES = 14;

/** Datagrams and bytes of IP that left by an interface, other than what the kernel says of itself. */
export function leftOver(left: Left): { datagrams: number; bytes: number } {
  const { frames, sentBytes, requests, octets, loFrames, loBytes, chatter } = left;
  // A datagram that a filter dropped was sent, but left by no interface; a hardware address is no datagram.
  const datagrams = Math.min(requests - loFrames, frames) - chatter;
  const bytes = Math.min(octets - loBytes + loFrames * LOOPBACK_BYTES, sentBytes);
  return { datagrams: Math.max(0, datagrams), bytes: Math.max(0, bytes) };
}

/**
 * Bytes that left by an interface and of which no line tells: 0 where all is accounted for. Where the ledger
 * has nobody beyond this machine, a single datagram is too much.
 */
export function unaccounted(left: Left, lines: readonly LedgerLine[]): number {
  const away = lines.filter(isAway);
  const names = lines.filter(({ kind }) => kind === "name").length;
  const { datagrams, bytes } = leftOver(left);
  if (away.length === 0 && names === 0) return datagrams > 0 ? bytes : 0;
  const told = away.reduce((sum, { sentBytes }) => sum + sentBytes, names * NAME_BYTES);
  const around = datagrams * HEADER_BYTES + left.resent * RESENT_BYTES;
  return Math.max(0, bytes - left.chatter * CHATTER_BYTES - told - around);
}

/** A connection, or a request with its bytes, to somewhere that is not this machine. */
function isAway(line: LedgerLine): boolean {
  if (line.kind !== "connection" && line.kind !== "request") return false;
  return line.address !== "" && readAddress(line.address)?.class !== "device";
}

/** How far the kernel's counters went on between the lines that keep them, run by run. */
export function sumCounters(lines: readonly LedgerLine[], startPurpose: string): Left {
  const sum = { ...NOTHING };
  let before: { host: string; counted: Counted } | undefined;
  for (const { kind, purpose, host, sentBytes, counters } of lines) {
    if (kind !== "counters" || !counters) continue;
    const counted = { ...counters, sentBytes };
    if (purpose !== startPurpose && before?.host === host) {
      for (const name of NAMES) sum[name] += counted[name] - before.counted[name];
    }
    before = { host, counted };
  }
  return sum;
}

export const NOTHING: Left = {
  sentBytes: 0,
  frames: 0,
  requests: 0,
  octets: 0,
  loFrames: 0,
  loBytes: 0,
  chatter: 0,
  resent: 0,
};
const NAMES = Object.keys(NOTHING) as (keyof Left)[]; // exactly those above

/** Everybody who was spoken with, and every program that was given the network. */
export function toPeers(lines: readonly LedgerLine[], isOwnNamespace: boolean): Peer[] {
  const peers = new Map<string, Peer>();
  for (const line of lines) {
    const place = placeOf(line);
    if (!place || line.verdict === "blocked") continue;
    const key = `${place} ${line.host}`;
    const onward = isOwnNamespace && place !== "unix" ? "counted" : "not proven";
    const peer = peers.get(key) ?? { ...EMPTY, host: line.host, place, purposes: [], onward };
    peers.set(key, peer);
    peer.address ||= line.address;
    if (!peer.purposes.includes(line.purpose)) peer.purposes.push(line.purpose);
    if (line.kind === "request") peer.requests += 1;
    if (line.kind === "connection") peer.connections += 1;
    peer.sentBytes += line.sentBytes;
    peer.receivedBytes += line.receivedBytes;
    // Whoever is beyond the cable goes on from there where no counter of ours is.
    if (place === "lan" || place === "mesh" || place === "internet") peer.onward = "not proven";
  }
  return [...peers.values()];
}

const EMPTY = { address: "", requests: 0, connections: 0, sentBytes: 0, receivedBytes: 0 };

function placeOf({ kind, host, address }: LedgerLine): Peer["place"] | undefined {
  if (kind === "program") return address === "host" ? "program" : undefined;
  if (kind !== "connection" && kind !== "request") return undefined;
  if (host.startsWith("/")) return "unix";
  const found = readAddress(address)?.class;
  if (found === undefined) return undefined; // nobody was there
  return found === "public" || found === "never" ? "internet" : found;
}
