import { randomUUID } from "node:crypto";

const DIGITS = "0123456789abcdefghjkmnpqrstvwxyz"; // Crockford's base 32: no i, l, o, u

/**
 * A new id such as `ses_01k8x…`: 10 digits of time in ms, 16 of chance. Ids sort by time, are safe in
 * a URL and a file name, and cannot be guessed (80 random bits).
 */
export function createId(prefix: string, now: number = Date.now()): string {
  // Of a UUID's digits all but the 13th and the 17th are chance; unlike random bytes it asks no system.
  const chance = randomUUID().replaceAll("-", "");
  const chanceDigits = (hex: string) => toDigits(Number(`0x${hex}`), 8);
  return `${prefix}_${toDigits(now, 10)}${chanceDigits(chance.slice(0, 10))}${chanceDigits(chance.slice(-10))}`;
}

function toDigits(number: number, length: number): string {
  let digits = "";
  for (let rest = number; digits.length < length; rest = Math.floor(rest / 32)) {
    digits = DIGITS.charAt(rest % 32) + digits;
  }
  return digits;
}
