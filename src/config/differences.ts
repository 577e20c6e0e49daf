import type { Setting } from "../protocol/setting.ts";
import type { Config } from "./config.ts";
import { isObject, join, unescape } from "./read.ts";

/** Paths whose values differ between two configs that are well. Their secrets are compared, and not told. */
export function differences(before: Config, after: Config, settings: readonly Setting[]): string[] {
  return settings.flatMap((setting) =>
    between(before.get(setting), after.get(setting), setting.key),
  );
}

function between(before: unknown, after: unknown, path: string): string[] {
  if (isObject(before) && isObject(after)) {
    const keys = new Set([...Object.keys(before), ...Object.keys(after)]);
    return [...keys].flatMap((key) => between(before[key], after[key], join(path, key)));
  }
  return JSON.stringify(before) === JSON.stringify(after) ? [] : [unescape(path)];
}
