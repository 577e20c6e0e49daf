/**
 * Who may talk to this gateway at all, before anyone asks for a key. A browser will carry out what any page
 * on the web tells it: a page of a foreign site must not reach the gateway (Origin, Sec-Fetch-Site), nor one
 * that turned its own name into our address (DNS rebinding; Host). Pure: headers in, decision out.
 */

import { Fault } from "../base/fault.ts";

export type Gate = {
  /** Names beside the loopback ones, without a port, in lower case. */
  hosts: readonly string[];
  /** Origins beside the gateway's own, such as "https://chat.example". */
  origins: readonly string[];
};

export type Knock = {
  method: string;
  /** The host of the request's URL: differs from the Host header in an absolute-form request line. */
  urlHost: string;
  /** Whether this is a page or its files, which another page may link to. */
  isSite: boolean;
  headers: Headers;
};

const LOOPBACK = ["localhost", "127.0.0.1", "[::1]"];

/** Undefined when it may come in; the fault to answer with otherwise. */
export function refuse(gate: Gate, { method, urlHost, isSite, headers }: Knock): Fault | undefined {
  const host = (headers.get("host") ?? urlHost).toLowerCase();
  for (const name of [host, urlHost.toLowerCase()]) {
    if (!isKnownHost(gate, name)) return new Fault("HOST_REFUSED", { host: shown(name) });
  }
  const origin = headers.get("origin");
  if (origin !== null && !isKnownOrigin(gate, origin, host)) {
    return new Fault("ORIGIN_REFUSED", { origin: shown(origin) });
  }
  // A form, an image or a link of a foreign page sends no Origin with GET, but every browser says this.
  const site = headers.get("sec-fetch-site");
  const isForeign = site === "cross-site" || site === "same-site";
  const isLink = isSite && method === "GET" && headers.get("sec-fetch-mode") === "navigate";
  if (isForeign && !isLink && origin === null) {
    return new Fault("ORIGIN_REFUSED", { origin: `a ${site} page` });
  }
  return undefined;
}

/** Ports do not matter: a name is what rebinding steals, and a tunnel may bring the gateway to any port. */
function isKnownHost(gate: Gate, host: string): boolean {
  const name = host.replace(/:\d{1,5}$/, "");
  return LOOPBACK.includes(name) || gate.hosts.includes(name);
}

/** Here the port matters: whatever listens beside us on this machine is another site. */
function isKnownOrigin(gate: Gate, origin: string, host: string): boolean {
  if (gate.origins.includes(origin)) return true;
  return origin === `http://${host}` || origin === `https://${host}`;
}

/** What a stranger sent, short and without control characters. */
const shown = (text: string): string => text.replaceAll(/[^\x21-\x7e]/g, "?").slice(0, 100);
