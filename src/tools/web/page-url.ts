/** The address of a page as a model writes it: what may be asked for at all. Pure; nothing is resolved. */

import { domainToUnicode } from "node:url";

import { isLocalhostName, normalizeHost, readAddress } from "../../network/address.ts";

/** Longer ones carry data, not an address. So the whole of it fits into the question to a person. */
const MAX_URL_CHARS = 2_000;

/** Services that answer on lower ports (mail, SSH, …) are no pages, and a request can be an order to them. */
const LOWEST_FREE_PORT = 1_024;
const WEB_PORTS = ["", "80", "443"];

/** Names that only a network of one's own knows (RFC 6761, 6762, 8375; `.internal` by ICANN). */
const PRIVATE_NAMES =
  /\.(local|lan|internal|intranet|corp|home|home\.arpa|localdomain|onion|test|invalid)$/;

export type PageUrl = { url: URL } | { refusal: string };

/** `base` is the page that a redirect came from. The part after "#" is never sent, and left out. */
export function readPageUrl(text: string, base?: URL): PageUrl {
  const refuse = (refusal: string): PageUrl => ({ refusal });
  if (text.length > MAX_URL_CHARS) return refuse(`it is longer than ${MAX_URL_CHARS} characters`);
  const url = URL.parse(text, base?.href);
  if (!url) return refuse("it is no address; write it in full, such as https://example.org/page");
  if (!/^https?:$/.test(url.protocol)) return refuse("only http:// and https:// pages are read");
  if (url.username || url.password) return refuse("an address with a user or password is not used");
  url.hash = "";
  if (url.href.length > MAX_URL_CHARS)
    return refuse(`it is longer than ${MAX_URL_CHARS} characters`);
  const why = refuseHost(normalizeHost(url.hostname)) ?? refusePort(url.port);
  return why ? refuse(why) : { url };
}

function refuseHost(host: string): string | undefined {
  const found = readAddress(host);
  if (found)
    return found.class === "public" ? undefined : `${found.address} is not a public address`;
  const isOwn = isLocalhostName(host) || !host.includes(".") || PRIVATE_NAMES.test(host);
  return isOwn ? `"${host}" is a name of this machine or its own network` : undefined;
}

function refusePort(port: string): string | undefined {
  const isFree = WEB_PORTS.includes(port) || Number(port) >= LOWEST_FREE_PORT;
  return isFree ? undefined : `no pages are read from port ${port}`;
}

/**
 * The site that a person agrees to: a host, and its port where that is not the web's own. With and without
 * "www." it is one, since sites lead from the one to the other.
 */
export function siteOf({ hostname, port }: URL): string {
  return WEB_PORTS.includes(port) ? siteOfHost(hostname) : `${siteOfHost(hostname)}:${port}`;
}

/** The same for a host as config names it. */
export const siteOfHost = (host: string): string => normalizeHost(host).replace(/^www\./, "");

/**
 * A host as a person must see it: as it is sent, and where that spells letters of other alphabets (`xn--…`),
 * those too. Such a name may look like another one.
 */
export function describeHost({ host, hostname }: URL): string {
  const spelled = domainToUnicode(hostname);
  return spelled === hostname
    ? `"${host}"`
    : `"${host}", which spells "${spelled}" and may look like another name,`;
}
