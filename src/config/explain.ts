import type { Config } from "./config.ts";
import { isObject, join, unescape } from "./read.ts";

export type Explained = { path: string; value: unknown; origin: string };

/** Each value in force with where it came from, below a path ("" for all), in the order of the rooms. */
export function explain(config: Config, path = ""): Explained[] {
  const wanted = path.split(".").filter(Boolean);
  return leaves(config.report.effective, "")
    .map(({ path, value }) => ({ path: unescape(path), value, origin: config.origin(path) }))
    .filter(({ path }) => isBelow(path, wanted.join(".")));
}

const isBelow = (path: string, ancestor: string) =>
  ancestor === "" || path === ancestor || path.startsWith(`${ancestor}.`);

function leaves(value: unknown, path: string): { path: string; value: unknown }[] {
  if (!isObject(value) || (path && Object.keys(value).length === 0)) return [{ path, value }];
  return Object.entries(value)
    .filter(([, child]) => child !== undefined)
    .flatMap(([key, child]) => leaves(child, join(path, key)));
}
