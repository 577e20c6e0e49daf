import { randomBytes } from "node:crypto";

const DIGITS = "0123456789abcdefghjkmnpqrstvwxyz"; // Crockford's base 32: no i, l, o, u

/**
 * A new id such as `ses_01k8x…`: 10 digits of time in ms, 16 of chance. Ids sort by time, are safe in
 * a URL and a file name, and cannot be guessed (80 random bits).
 */
export function createId(prefix: string, now: number = Date.now()): string {
  let time = "";
  for (let rest = now; time.length < 10; rest = Math.floor(rest / 32)) {
    time = DIGITS.charAt(rest % 32) + time;
  }
  const chance = Array.from(randomBytes(16), (byte) => DIGITS.charAt(byte % 32)).join("");
  return `${prefix}_${time}${chance}`;
}
