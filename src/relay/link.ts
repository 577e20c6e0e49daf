/**
 * The line that carries a pairing from one device to the other, by hand or as a QR code:
 * `https://192.168.1.5:18790/#7K2M-9QXD.7k2m-9qxd-…`. What stands behind # is never sent.
 */

import { Fault } from "../base/fault.ts";
import { readFingerprint } from "../network/pin.ts";

export type ShareLink = {
  /** Scheme, host and port. */
  url: string;
  code?: string;
  fingerprint?: string;
};

export const writeShareLink = (url: string, code: string, fingerprint: string): string =>
  `${url}/#${code}.${fingerprint}`;

/** Throws `SHARE_LINK_INVALID`. Code and fingerprint may be absent; the address may not. */
export function parseShareLink(text: string): ShareLink {
  const url = URL.parse(text.trim());
  if (url?.protocol !== "https:" || url.username || url.password) {
    throw invalid("it is not an address that begins with https://");
  }
  if (url.pathname !== "/" || url.search) throw invalid("the address has a path");
  const [code, typed] = url.hash.slice(1).split(".");
  const fingerprint = typed === undefined ? undefined : readFingerprint(typed);
  if (typed !== undefined && fingerprint === undefined) throw invalid("its fingerprint is cut");
  return {
    url: url.origin,
    ...(code && { code }),
    ...(fingerprint !== undefined && { fingerprint }),
  };
}

const invalid = (detail: string) => new Fault("SHARE_LINK_INVALID", { detail });
