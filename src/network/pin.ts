/**
 * Pinned keys: a server that nobody vouches for is known by its public key. Written as curl writes it for
 * `--pinnedpubkey`: `sha256//` and the base 64 of the SHA-256 of the key (SubjectPublicKeyInfo, RFC 7469).
 */

import { createHash } from "node:crypto";

/** Whether this is the key, by its pin. */
export type Pin = (found: string) => boolean;

/** Of a server by `host:port`; undefined where certificates decide. */
export type PinOf = (server: string) => Pin | undefined;

const PREFIX = "sha256//";

/** Of the key in DER. */
export const toPin = (spki: Uint8Array): string =>
  PREFIX + createHash("sha256").update(spki).digest("base64");

export const PIN = /^sha256\/\/[A-Za-z0-9+/]{43}=$/;

/** Crockford's base 32: no i, l, o or u, so that nothing is mistaken when two people read it out. */
const DIGITS = "0123456789abcdefghjkmnpqrstvwxyz";
/** 120 bits: nobody finds a second key with the same, and one line holds it. */
const FINGERPRINT_DIGITS = 24;

/** The beginning of a pin for people to compare: `7k2m-9qxd-…`, six groups of four. */
export function toFingerprint(pin: string): string {
  const bytes = Buffer.from(pin.slice(PREFIX.length), "base64");
  let digits = "";
  let bits = 0;
  let held = 0;
  for (const byte of bytes) {
    held = (held << 8) | byte;
    for (bits += 8; bits >= 5; bits -= 5) digits += DIGITS.charAt((held >> (bits - 5)) & 31);
    held &= (1 << bits) - 1;
  }
  return (digits.slice(0, FINGERPRINT_DIGITS).match(/.{4}/g) ?? []).join("-");
}

/** As `toFingerprint` writes it, from what a person typed; undefined for what is none. */
export function readFingerprint(typed: string): string | undefined {
  const digits = typed.toLowerCase().replaceAll(/[\s-]/g, "");
  const plain = digits.replaceAll("o", "0").replaceAll(/[il]/g, "1");
  if (!/^[0-9a-hjkmnp-tv-z]{24}$/.test(plain)) return undefined;
  return (plain.match(/.{4}/g) ?? []).join("-");
}
