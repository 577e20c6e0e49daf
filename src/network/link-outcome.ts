/** What the end of one request tells about the link. Pure; most ends tell nothing. */

import {
  isLocalhostName,
  isNameOfLan,
  isNameOfMesh,
  normalizeHost,
  readAddress,
} from "./address.ts";

export type Outcome = {
  host: string;
  /** `portal`: somebody answered in place of the host. `uncertified`: whoever did could not prove to be the host. */
  verdict: "reached" | "failed" | "portal" | "uncertified";
  /** For people, a half-sentence. */
  reason: string;
};

/** One request, as the guard saw its end. */
export type Sighting = {
  /** What the request was for, as in the ledger. */
  purpose: string;
  host: string;
  secure: boolean;
  /** What the name led to; empty where it led nowhere. */
  addresses: readonly string[];
  end: { status: number; headers: Readonly<Record<string, string>> } | { error: unknown };
};

/** Undefined for what says nothing of the internet: other places, a person's stop, a refusal of our own. */
export function toOutcome(sighting: Sighting): Outcome | undefined {
  const { addresses, end } = sighting;
  const host = normalizeHost(sighting.host);
  if (!isOfInternet(host)) return undefined;
  if ("error" in end) return toFailure(host, codeOf(end.error));
  const impostor = toImpostor(host, sighting, end);
  if (impostor !== undefined) return { host, verdict: "portal", reason: impostor };
  // A name of the internet that leads into a local network proves nothing of the world outside.
  const isOutside = addresses.every((address) => readAddress(address)?.class === "public");
  if (!isOutside || addresses.length === 0) return undefined;
  return { host, verdict: "reached", reason: `${host} answered` };
}

/** By its address, or by its name: a name that the public DNS may have. */
export function isOfInternet(host: string): boolean {
  const literal = readAddress(host);
  if (literal) return literal.class === "public";
  return !isLocalhostName(host) && !isNameOfLan(host) && !isNameOfMesh(host);
}

function toFailure(host: string, code: string): Outcome | undefined {
  const what = FAILURES[code];
  if (what !== undefined) return { host, verdict: "failed", reason: `${host}: ${what}` };
  if (!INTERCEPTED.has(code)) return undefined;
  return { host, verdict: "uncertified", reason: `${host} did not prove to be itself (${code})` };
}

/** What Node says when nothing gets through. */
const FAILURES: Readonly<Record<string, string>> = {
  ENETUNREACH: "the network cannot be reached",
  ENETDOWN: "the network is down",
  EHOSTUNREACH: "it cannot be reached",
  EADDRNOTAVAIL: "this machine has no address to reach it from",
  EAI_AGAIN: "nobody answers for its name",
  EAI_FAIL: "nobody answers for its name",
  ECONNRESET: "the connection was cut",
  ETIMEDOUT: "no answer in time",
};

/** What somebody out there said: so there is a way, whatever is wrong with the one host. */
const REFUSALS: Readonly<Record<string, string>> = {
  ENOTFOUND: "its name is not found",
  ECONNREFUSED: "it refuses connections",
};

/**
 * What a sign-in page, or a proxy that reads along, looks like through TLS. A certificate that has run out is
 * its owner's affair, and not among them.
 */
const INTERCEPTED: ReadonlySet<string> = new Set([
  "ERR_TLS_CERT_ALTNAME_INVALID",
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "SELF_SIGNED_CERT_IN_CHAIN",
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
  "UNABLE_TO_GET_ISSUER_CERT",
  "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
  "ERR_SSL_WRONG_VERSION_NUMBER", // plain HTTP where TLS was spoken
  "ERR_SSL_PACKET_LENGTH_TOO_LONG",
]);

/** RFC 6585, section 6: this status is a portal's, never the server's own. */
const SIGN_IN_REQUIRED = 511;

/** A name that DNS can have; in what somebody else wrote there may be more. */
const MAX_HOST = 253;

function toImpostor(
  host: string,
  { secure, purpose }: Sighting,
  { status, headers }: Extract<Sighting["end"], { status: number }>,
): string | undefined {
  if (status === SIGN_IN_REQUIRED) return `something asks to sign in before ${host}`;
  if (secure) return undefined; // its certificate was right: what it answers is its own
  if (purpose.startsWith("tools.")) return undefined; // pages of the web lead elsewhere all the time
  const location = URL.parse(headers["location"] ?? "");
  if (status >= 300 && status < 400 && location && normalizeHost(location.hostname) !== host) {
    return `something leads from ${host} to ${location.hostname.slice(0, MAX_HOST)}`;
  }
  // A model never answers a chat with a page.
  const isPage = status === 200 && headers["content-type"]?.startsWith("text/html");
  return isPage && purpose === "models.chat" ? `a page answers in place of ${host}` : undefined;
}

/** For people: how a request failed. */
export function toWords(error: unknown): string {
  const code = codeOf(error);
  if (INTERCEPTED.has(code)) return `it does not prove to be itself (${code})`;
  return FAILURES[code] ?? REFUSALS[code] ?? (code || String(Object(error).message ?? "it failed"));
}

/** A name or a connection that does not come has a cause of the system's; an answer that does not come has none. */
function codeOf(error: unknown): string {
  const { code, cause } = Object(error) as { code?: unknown; cause?: unknown };
  if (code === "EGRESS_TIMEOUT") return codeOf(cause);
  return typeof code === "string" ? code : "";
}
