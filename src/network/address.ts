import ipaddr from "ipaddr.js";

import type { Locality } from "../protocol/event.ts";

/**
 * What an address is to us. `never` is what no setting opens: metadata of clouds, 0.0.0.0 (Linux takes it
 * for this machine), multicast, and IPv6 spellings that hide an IPv4 address from a reader.
 */
export type AddressClass = "device" | "lan" | "mesh" | "public" | "never";

/**
 * The class of a literal address, and its one spelling: IPv4-mapped IPv6 comes back as IPv4. Undefined for
 * what is no address in its plain form; "127.1", "0177.0.0.1" and "2130706433" are none.
 */
export function readAddress(text: string): { address: string; class: AddressClass } | undefined {
  if (text === LOOPBACK.address) return LOOPBACK; // nearly all that are read: the parser takes 10 µs
  const bare = text.startsWith("[") && text.endsWith("]") ? text.slice(1, -1) : text;
  if (ipaddr.IPv4.isValidFourPartDecimal(bare)) return fromIPv4(ipaddr.IPv4.parse(bare));
  if (!bare.includes(":") || !ipaddr.IPv6.isValid(bare)) return undefined;
  const parsed = ipaddr.IPv6.parse(bare);
  if (parsed.isIPv4MappedAddress()) return fromIPv4(parsed.toIPv4Address());
  const zone = parsed.zoneId ? `%${parsed.zoneId}` : "";
  delete parsed.zoneId;
  return { address: parsed.toRFC5952String() + zone, class: classOfIPv6(parsed) };
}

const LOOPBACK = { address: "127.0.0.1", class: "device" } as const;

/** Where inference behind this address happens, as far as an address can tell. */
export function localityOf(address: string): Locality {
  const found = readAddress(address)?.class ?? "never";
  return found === "public" ? "cloud" : found === "never" ? "unknown" : found;
}

/** `localhost` and all below it are this machine (RFC 6761), whatever a resolver says. */
export function isLocalhostName(host: string): boolean {
  return host === "localhost" || host.endsWith(".localhost");
}

/** Names that the public DNS cannot have: RFC 6762, 8375, 9476 and ICANN's `.internal`; also a bare name. */
export const isNameOfLan = (host: string): boolean =>
  !host.includes(".") || /\.(local|lan|home|internal|home\.arpa|localdomain)$/.test(host);

/** Where Tailscale's own name service numbers its nodes. */
export const isNameOfMesh = (host: string): boolean => host.endsWith(".ts.net");

/** A host as we compare it: lower case, no final dot, no brackets, addresses in their one spelling. */
export function normalizeHost(host: string): string {
  const plain = host.trim().toLowerCase().replace(/\.$/, "");
  return readAddress(plain)?.address ?? plain;
}

function fromIPv4(parsed: ipaddr.IPv4): { address: string; class: AddressClass } {
  return { address: parsed.toString(), class: classOfIPv4(parsed) };
}

function classOfIPv4(parsed: ipaddr.IPv4): AddressClass {
  if (isMetadata(parsed)) return "never";
  switch (parsed.range()) {
    case "loopback":
      return "device";
    case "private":
    case "linkLocal": // two machines on one cable have only this
      return "lan";
    case "carrierGradeNat": // Tailscale and Headscale number their nodes here
      return "mesh";
    case "unspecified":
    case "multicast":
    case "broadcast":
      return "never";
    default: // documentation and other reserved ranges are somebody else's, as all that is public
      return "public";
  }
}

function classOfIPv6(parsed: ipaddr.IPv6): AddressClass {
  if (isMetadata(parsed)) return "never";
  if (parsed.match(TAILSCALE)) return "mesh";
  if (parsed.match(NAT64)) return classOfNat64(parsed);
  switch (parsed.range()) {
    case "loopback":
      return "device";
    case "uniqueLocal":
    case "linkLocal":
      return "lan";
    case "unicast":
    case "reserved":
      return parsed.match(IPV4_COMPATIBLE) ? "never" : "public";
    case "orchid2":
    case "benchmarking":
      return "public";
    default: // unspecified, multicast, and translations (6to4, Teredo, RFC 6145) of an address we cannot see
      return "never";
  }
}

/** The address that a translator will connect to counts; only the public ones can be on its far side. */
function classOfNat64(parsed: ipaddr.IPv6): AddressClass {
  const embedded = new ipaddr.IPv4(parsed.toByteArray().slice(12));
  return classOfIPv4(embedded) === "public" ? "public" : "never";
}

function isMetadata(parsed: ipaddr.IPv4 | ipaddr.IPv6): boolean {
  return METADATA.has(parsed.toString());
}

const TAILSCALE = ipaddr.IPv6.parseCIDR("fd7a:115c:a1e0::/48");
const NAT64 = ipaddr.IPv6.parseCIDR("64:ff9b::/96");
const IPV4_COMPATIBLE = ipaddr.IPv6.parseCIDR("::/96");

/** Where clouds hand their machine's credentials to whoever asks. Alibaba's is in the mesh's range. */
const METADATA = new Set([
  "169.254.169.254", // AWS, Azure, Google, OpenStack and most others
  "169.254.170.2", // AWS, containers
  "169.254.170.23", // AWS, pods
  "168.63.129.16", // Azure's host
  "100.100.100.200", // Alibaba
  "192.0.0.192", // Oracle
  "169.254.0.23", // Tencent
  "169.254.42.42", // Scaleway
  "fd00:ec2::254", // AWS over IPv6
  "fd00:ec2::23", // AWS, pods, over IPv6
  "fd00:c1::a9fe:a9fe", // Oracle over IPv6
  "fd00:42::42", // Scaleway over IPv6
  "fd20:ce::254", // Google over IPv6
]);
