/**
 * What the system's files tell of its network: which interfaces carry something, and whether a default route
 * leads out. Reading only; the kernel answers from memory, so that nobody waits.
 */

import { existsSync, readFileSync } from "node:fs";
import { networkInterfaces } from "node:os";
import { join } from "node:path";

import type { Footing } from "./link-state.ts";

/** `tunnel` carries over another one; `inside` leads to containers and virtual machines of this machine. */
export type Interface = { name: string; kind: "wire" | "tunnel" | "inside"; addresses: string[] };

export type Sight = {
  /** Those that are up, have an address, and are not loopback. */
  interfaces: readonly Interface[];
  /** Where default routes lead; undefined where this system does not tell. */
  defaults: readonly Default[] | undefined;
};

/** `via` is the next hop as the kernel writes it. */
export type Default = { device: string; via: string };

export type LookOptions = { proc?: string; sys?: string; interfaces?: typeof networkInterfaces };

export function lookAtNetwork({
  proc = "/proc",
  sys = "/sys",
  interfaces = networkInterfaces,
}: LookOptions = {}): Sight {
  const found = Object.entries(interfaces()).flatMap(([name, list = []]) => {
    const addresses = list.filter(({ internal }) => !internal).map(({ address }) => address);
    return addresses.length > 0 ? [{ name, kind: kindOf(name, sys), addresses }] : [];
  });
  const four = readText(join(proc, "net/route"));
  const six = readText(join(proc, "net/ipv6_route"));
  const told = four !== undefined || six !== undefined;
  const defaults = told ? [...defaultsOf4(four ?? ""), ...defaultsOf6(six ?? "")] : undefined;
  return { interfaces: found, defaults };
}

/** What that means for the link, with nothing sent yet. Pure. */
export function toFooting({ interfaces, defaults }: Sight): Footing {
  const wires = interfaces.filter(({ kind }) => kind === "wire");
  // A tunnel's interface and its default route stay when the cable under it is gone.
  if (wires.length === 0) {
    const reason = interfaces.length === 0 ? "no interface is up" : "only tunnels are up";
    return { link: "no-link", reason, network: "" };
  }
  const carrying = new Set(interfaces.map(({ name }) => name));
  // A route over an interface that lost its carrier is still in the table.
  const ways = defaults?.filter(({ device }) => carrying.has(device));
  const network = [
    ...wires.map(({ name, addresses }) => `${name} ${addresses.filter(isStable).join(" ")}`),
    ...(ways ?? []).map(({ device, via }) => `${device} via ${via}`),
  ].join("; ");
  if (!ways) return { link: "unknown", reason: "this system does not tell its routes", network };
  const [first] = ways;
  return first
    ? { link: "unknown", reason: `a default route over ${first.device}`, network }
    : { link: "local", reason: "no default route", network };
}

/** IPv6 addresses change by the day for privacy; that is no other network. */
const isStable = (address: string) => !address.includes(":");

/** Layer 3 tunnels by name, where the system does not tell. A tap is a wire: rootless containers have one. */
const TUNNEL =
  /^(utun|tun|wg|tailscale|zt|nebula|nordlynx|proton|ipsec|vti|gre|sit|ip6tnl|ipip|teredo)\d*/;
const INSIDE = /^(docker\d|br-[0-9a-f]{12}$|virbr|veth|cni|podman\d|lxcbr|lxdbr|vmnet|vboxnet)/;

/** `ARPHRD_…` of the kernel's if_arp.h: ipip, ip6ip6, sit, gre, ip6gre. */
const TUNNEL_TYPES: ReadonlySet<string> = new Set(["768", "769", "776", "778", "823"]);
/** No link layer: tun and WireGuard, but also a modem; only that one is a device. */
const NO_LINK_LAYER = "65534";

function kindOf(name: string, sys: string): Interface["kind"] {
  if (INSIDE.test(name)) return "inside";
  const folder = join(sys, "class/net", name);
  const type = readText(join(folder, "type"))?.trim();
  if (type === undefined) return TUNNEL.test(name) ? "tunnel" : "wire";
  const isTunnel =
    TUNNEL_TYPES.has(type) || (type === NO_LINK_LAYER && !existsSync(join(folder, "device")));
  return isTunnel || name.startsWith("zt") ? "tunnel" : "wire"; // ZeroTier's looks like a wire
}

/** `RTF_UP` and `RTF_REJECT` of the kernel's route.h. */
const UP = 0x1;
const REJECT = 0x200;
const isUsable = (flags: string) => (Number.parseInt(flags, 16) & (UP | REJECT)) === UP;

/** VPNs that leave the default route alone lay two halves over it. */
const HALVES_OF_4: ReadonlySet<string> = new Set(["00000000 00000080", "00000080 00000080"]);
const WHOLE_OF_4 = "00000000 00000000";

/** Columns: interface, destination, gateway, flags, …, mask; numbers in the machine's byte order. */
function defaultsOf4(table: string): Default[] {
  const halves = new Set<string>();
  return linesOf(table).flatMap((fields) => {
    const [device = "", destination = "", via = "", flags = "", , , , mask = ""] = fields;
    const range = `${destination} ${mask}`;
    if (!isUsable(flags)) return [];
    if (HALVES_OF_4.has(range)) halves.add(range);
    const isDefault = range === WHOLE_OF_4 || (HALVES_OF_4.has(range) && halves.size === 2);
    return isDefault ? [{ device, via }] : [];
  });
}

const HALVES_OF_6 = /^[08]0{31} 01$/;
const WHOLE_OF_6 = /^0{32} 00$/;

/** Columns: destination, its prefix, source, its prefix, next hop, metric, …, flags, interface. */
function defaultsOf6(table: string): Default[] {
  const halves = new Set<string>();
  return linesOf(table).flatMap((fields) => {
    const [destination = "", prefix = "", , , via = "", , , , flags = "", device = ""] = fields;
    const range = `${destination} ${prefix}`;
    // The kernel's own "unreachable" hangs on the loopback interface.
    if (device === "lo" || !isUsable(flags)) return [];
    if (HALVES_OF_6.test(range)) halves.add(range);
    const isDefault = WHOLE_OF_6.test(range) || (HALVES_OF_6.test(range) && halves.size === 2);
    return isDefault ? [{ device, via }] : [];
  });
}

const linesOf = (table: string) => table.split("\n").map((line) => line.trim().split(/\s+/));

/** Undefined where there is no such file: another system, or no such protocol. */
function readText(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}
