/**
 * Secrets are made here, kept as SHA-256 hashes and compared as such. A plain hash does for keys, cookies
 * and proofs, because 160 random bits cannot be guessed from it; a pairing code is short, but lives for
 * minutes and works once. Looking a hash up in an index takes a time that tells something about hashes, and
 * nothing about what they were made of.
 */

import { createHash, randomBytes, timingSafeEqual } from "node:crypto";

/** Crockford's base 32: no i, l, o or u, so that nothing is mistaken when it is read aloud or typed. */
const DIGITS = "0123456789abcdefghjkmnpqrstvwxyz";
/** 5 bits each: 160 in all. */
const SECRET_LENGTH = 32;
/** 40 bits: with 50 guesses in ten minutes at most (`lockout.ts`), one in 20 thousand million. */
const CODE_LENGTH = 8;

const SECRET = /^is[kdp]_[0-9a-hjkmnp-tv-z]{32}$/;

/** A key (isk), a device's cookie (isd) or its proof (isp). */
export const createSecret = (prefix: "isk" | "isd" | "isp"): string =>
  `${prefix}_${createDigits(SECRET_LENGTH)}`;

/** Whether a text has the form of a secret of ours; says nothing about whether it is one. */
export const isSecret = (text: string, prefix: "isk" | "isd" | "isp"): boolean =>
  text.startsWith(prefix) && SECRET.test(text);

/** Such as "7K2M-9QXD". */
export function createCode(): string {
  const digits = createDigits(CODE_LENGTH).toUpperCase();
  return `${digits.slice(0, 4)}-${digits.slice(4)}`;
}

/** A code as it was made, from what a person typed: case, spaces and look-alikes do not matter. */
export function toCode(typed: string): string {
  const digits = typed.toUpperCase().replaceAll(/[\s-]/g, "");
  const plain = digits.replaceAll("O", "0").replaceAll(/[IL]/g, "1");
  return `${plain.slice(0, 4)}-${plain.slice(4)}`;
}

export const hashSecret = (secret: string): string =>
  createHash("sha256").update(secret).digest("hex");

/** In a time that does not tell how much of them is equal: hashes are of one length. */
export const isSameHash = (one: string, other: string): boolean =>
  timingSafeEqual(
    createHash("sha256").update(one).digest(),
    createHash("sha256").update(other).digest(),
  );

function createDigits(length: number): string {
  // 256 is a multiple of 32: each digit is as likely as any other.
  return Array.from(randomBytes(length), (byte) => DIGITS.charAt(byte % 32)).join("");
}
