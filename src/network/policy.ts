/** What may be connected to: a pure decision. `guard.ts` carries it out, `docs/network.md` explains it. */

import type { Mode } from "../protocol/event.ts";
import type { AddressClass } from "./address.ts";
import { isLocalhostName, normalizeHost, readAddress } from "./address.ts";
import type { AllowedHost, Policy } from "./egress.ts";

export type Destination =
  | { kind: "unix"; path: string }
  | {
      kind: "tcp";
      /** A name or a literal address. */
      host: string;
      /** What the resolver answered for a name; undefined before it was asked. */
      addresses?: readonly string[];
    };

export type Decision =
  /** Connect to these and to no other, in this order. Empty for a Unix socket. */
  | { verdict: "allowed"; addresses: readonly string[] }
  /** The name may be asked for: come back with what the resolver answers. */
  | { verdict: "resolve" }
  | { verdict: "blocked"; address: string; why: string; allow: string };

/**
 * Decides on one destination. Names are only ever resolved when config lists them and the mode is not
 * `device`, because the question itself leaves the machine. One address of a name that mode or class
 * forbids spoils the name: a resolver that mixes them in is wrong or hostile.
 */
export function decideEgress(policy: Policy, destination: Destination): Decision {
  if (destination.kind === "unix") return { verdict: "allowed", addresses: [] };
  const host = normalizeHost(destination.host);
  const literal = readAddress(host);
  if (literal) return decideAddresses(policy, host, [literal.address]);
  if (isLocalhostName(host)) return decideLocalhost(policy, host, destination.addresses);
  if (!isListed(policy, host)) return blockedUnlisted(host);
  if (policy.mode === "device") {
    return blocked("", "only this machine may be reached, and asking for a name reaches further", {
      mode: "private",
    });
  }
  if (!destination.addresses) return { verdict: "resolve" };
  return decideAddresses(policy, host, destination.addresses);
}

/**
 * Decides for a page that a model asks for. No setting need name the host, since a person agreed to it; but
 * only public addresses are connected to, in mode `internet` alone, and a listing opens nothing more.
 */
export function decideWeb({ mode }: Policy, destination: Destination): Decision {
  if (mode !== "internet") return blocked("", "it is on the internet", { mode: "internet" });
  const host = destination.kind === "tcp" ? normalizeHost(destination.host) : "";
  if (host === "" || isLocalhostName(host)) return notPublic(host);
  const literal = readAddress(host);
  const answered = literal
    ? [literal.address]
    : destination.kind === "tcp" && destination.addresses;
  if (!answered) return { verdict: "resolve" };
  const other = answered.find((address) => readAddress(address)?.class !== "public");
  if (other !== undefined || answered.length === 0) return notPublic(other ?? "");
  return { verdict: "allowed", addresses: answered };
}

const notPublic = (address: string): Decision =>
  blocked(address, address ? `${address} is not a public address` : "it has no address", {
    text: "Use another page: the web tools reach public addresses only",
  });

/** Where a name of this machine leads is known; nobody is asked. */
const LOCALHOST = ["127.0.0.1", "::1"];

function decideLocalhost(
  policy: Policy,
  host: string,
  answered: readonly string[] = LOCALHOST,
): Decision {
  const elsewhere = answered.find((address) => readAddress(address)?.class !== "device");
  if (elsewhere === undefined) return decideAddresses(policy, host, answered);
  return blocked(elsewhere, `"${host}" must be this machine, and ${elsewhere} is not`, {
    text: "Repair the line for localhost in /etc/hosts",
  });
}

function decideAddresses(policy: Policy, host: string, answered: readonly string[]): Decision {
  const addresses: string[] = [];
  for (const text of answered) {
    const found = readAddress(text);
    if (!found) return blocked(text, "it is not an address", { text: "Write the host's name" });
    const refusal = refuse(policy, host, found);
    if (refusal) return refusal;
    addresses.push(found.address);
  }
  if (addresses.length > 0) return { verdict: "allowed", addresses };
  return blocked("", "the name has no address", { text: "Correct the name, or write the address" });
}

function refuse(
  policy: Policy,
  host: string,
  { address, class: found }: { address: string; class: AddressClass },
): Decision | undefined {
  if (found === "never") {
    return blocked(address, `${address} is never connected to`, {
      text: "Write the address of the server itself",
    });
  }
  if (found === "device") return undefined; // a name comes this far only when it is localhost or listed
  if (!isListed(policy, host)) return blockedUnlisted(host);
  const needed: Mode = found === "public" ? "internet" : "private";
  if (WIDTH[policy.mode] >= WIDTH[needed]) return undefined;
  const where = found === "public" ? "on the internet" : "not this machine";
  const why = host === address ? `it is ${where}` : `it leads to ${address}, which is ${where}`;
  if (policy.cap && WIDTH[policy.cap] < WIDTH[needed]) return blocked(address, why, CAPPED);
  return blocked(address, why, { mode: needed });
}

const CAPPED = {
  text: "Remove `offline: true` from the config, restart, then type `isopod mode set internet`",
};

/** How far each mode reaches; a wider one includes the narrower. */
export const WIDTH: Readonly<Record<Mode, number>> = { device: 0, private: 1, internet: 2 };

function isListed(policy: Policy, host: string): boolean {
  return policy.hosts.some((allowed) => normalizeHost(allowed.host) === host);
}

function blockedUnlisted(host: string): Decision {
  return blocked("", "no setting names it", {
    text: `Add "${host}" to network.allow in the config, or use it as a provider's baseUrl`,
  });
}

function blocked(address: string, why: string, allow: { mode: Mode } | { text: string }): Decision {
  const fix = "mode" in allow ? `Allow it with \`isopod mode set ${allow.mode}\`` : allow.text;
  return { verdict: "blocked", address, why, allow: fix };
}

/**
 * The host that a setting's value names, for `Policy.hosts`: of a URL its host, else the text itself.
 * Undefined for what has none, such as a `unix:` URL.
 */
export function toAllowedHost(value: string, setting: string): AllowedHost | undefined {
  const text = value.trim();
  if (text === "" || text.startsWith("unix:")) return undefined;
  // A bare host gets a scheme, so that one parser reads all spellings as the request's will be read.
  const url = URL.parse(/^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `http://${bracketed(text)}`);
  return url?.hostname ? { host: normalizeHost(url.hostname), setting } : undefined;
}

const bracketed = (host: string) =>
  host.split(":").length > 2 && !host.startsWith("[") ? `[${host}]` : host;
