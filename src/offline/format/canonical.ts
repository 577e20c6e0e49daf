/** JSON with one spelling for each value, so that a digest of it means something. */

import { isRecord } from "../../base/json.ts";

/** Keys sorted by their UTF-16 units, no spaces, a line feed at the end (as RFC 8785, for values without fractions). */
export const canonicalJson = (value: unknown): string => `${JSON.stringify(sorted(value))}\n`;

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (!isRecord(value)) return value;
  const keys = Object.keys(value).toSorted();
  return Object.fromEntries(keys.map((key) => [key, sorted(value[key])]));
}
