/**
 * The cookie of a paired browser. Browsers send a cookie to every port of a host, and any server on the
 * host can read what it is sent: so the name carries the port, and the cookie alone opens nothing (the
 * page proves itself besides, from storage that belongs to one origin).
 */

import { isSecret } from "./secrets.ts";

/** A year: a device is let go by revoking it. Browsers cut longer ones to 400 days. */
const MAX_AGE_S = 365 * 24 * 60 * 60;

export type CookieSite = {
  /** The port that the browser sees. */
  port: number;
  /** Whether the page came over TLS. */
  isSecure: boolean;
};

const cookieName = (port: number): string => `isopod-${port}`;

/** The value of a `Set-Cookie` header. HttpOnly: no script reads it; Strict: no other site's link sends it. */
export function writeDeviceCookie(value: string, { port, isSecure }: CookieSite): string {
  const secure = isSecure ? "; Secure" : "";
  return `${cookieName(port)}=${value}; Path=/; Max-Age=${MAX_AGE_S}; HttpOnly; SameSite=Strict${secure}`;
}

/**
 * The device's secret in a `Cookie` header, or undefined. Of several it is the last: ours has the path "/",
 * and browsers send those with a longer path first, which a page on another port can set to shadow it.
 */
export function readDeviceCookie(header: string | null, port: number): string | undefined {
  const name = cookieName(port);
  return header
    ?.split(";")
    .map((pair) => pair.trim())
    .filter((pair) => pair.startsWith(`${name}=`))
    .map((pair) => pair.slice(name.length + 1))
    .findLast((value) => isSecret(value, "isd"));
}
