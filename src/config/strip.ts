/** A config without its secrets, to be carried: what stands in the environment or in a file of its own stays named. */

import { isObject, mendFragment, readJson5 } from "./read.ts";
import { strikeSecrets } from "./secrets.ts";

/**
 * `struck` are the paths of what was taken out; an empty text stands there. Comments are left out, because people
 * put old keys into them. Throws `CONFIG_SYNTAX`.
 */
export function stripConfig(written: string, file: string): { text: string; struck: string[] } {
  const { value } = readJson5(mendFragment(written).text, file);
  const struck: string[] = [];
  const left = strip(value, strikeSecrets(value, "", value), { path: "", struck });
  return { text: `${JSON.stringify(left, null, 2)}\n`, struck };
}

const STRUCK = "(secret)";
const NAMED_ONLY = /^\$\{[A-Z_][A-Z0-9_]*\}$/;

/** `shown` is the same value as people may see it. */
function strip(value: unknown, shown: unknown, told: { path: string; struck: string[] }): unknown {
  if (shown === STRUCK && isNamed(value)) return value;
  if (typeof shown === "string" && shown !== value) {
    told.struck.push(told.path);
    return shown.replaceAll(STRUCK, "");
  }
  const below = (key: string | number) => ({
    ...told,
    path: told.path === "" ? `${key}` : `${told.path}.${key}`,
  });
  if (Array.isArray(value) && Array.isArray(shown))
    return value.map((item, at) => strip(item, shown[at], below(at)));
  if (!isObject(value) || !isObject(shown)) return value;
  const members = Object.entries(value);
  return Object.fromEntries(
    members.map(([key, item]) => [key, strip(item, shown[key], below(key))]),
  );
}

/** A variable, or a file of the secrets folder: nothing secret in itself. */
const isNamed = (value: unknown) =>
  typeof value === "string"
    ? NAMED_ONLY.test(value)
    : isObject(value) && typeof value["file"] === "string" && Object.keys(value).length === 1;
