/** Whether a port of this machine can be reached from others, as Linux tells in /proc. */

import { join } from "node:path";

import { readTable } from "./owner.ts";

/** Every address, of IPv4 and of IPv6, as the kernel writes them. */
const ALL = new Set(["00000000", "00000000000000000000000000000000"]);
const LOOPBACK_IPV6 = "00000000000000000000000001000000";
const MAPPED_IPV4 = "0000000000000000FFFF0000";

/**
 * Returns where a port listens beyond loopback, for people; an empty list where it does not, or where the
 * system does not tell.
 */
export function createPortExposure({ proc = "/proc" }: { proc?: string } = {}) {
  return async (port: number): Promise<string[]> => {
    const tables = await Promise.all([
      readTable(join(proc, "net/tcp")),
      readTable(join(proc, "net/tcp6")),
    ]);
    const addresses = tables
      .flat()
      .filter((socket) => socket.port === port && !isLoopback(socket.address))
      .map(({ address }) => describe(address));
    return [...new Set(addresses)];
  };
}

/** The bytes of an IPv4 address stand in the machine's order: the last one first on all that we run on. */
const bytesOf = (hex: string) =>
  (hex.match(/../g) ?? []).map((byte) => Number.parseInt(byte, 16)).toReversed();

function isLoopback(address: string): boolean {
  if (address === LOOPBACK_IPV6) return true;
  const ipv4 = address.startsWith(MAPPED_IPV4) ? address.slice(MAPPED_IPV4.length) : address;
  return ipv4.length === 8 && bytesOf(ipv4)[0] === 127;
}

function describe(address: string): string {
  if (ALL.has(address)) return "all addresses";
  return address.length === 8 ? bytesOf(address).join(".") : "an IPv6 address of this machine";
}
