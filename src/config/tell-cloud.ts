/** Says of each provider in the cloud what lets it answer. Config alone never does: only a person widens the mode. */

import { howToAllow, placeOfAddress } from "../models/locality.ts";
import { defaultBaseUrl, presetNamed } from "../models/presets.ts";
import type { Draft } from "./draft.ts";
import { isObject, join } from "./read.ts";

export function tellCloud(draft: Draft): void {
  const told = new Set<string>();
  for (const { key, path } of draft.entries("models.providers")) {
    if (tell(draft, key, `${path}.baseUrl`, draft.get(`${path}.baseUrl`))) told.add(key);
  }
  const agents = ["agents.defaults", ...draft.entries("agents.entries").map(({ path }) => path)];
  for (const agent of agents) {
    for (const { ref, path } of refsOf(draft, `${agent}.model`)) {
      const id = ref.slice(0, Math.max(0, ref.indexOf("/")));
      if (told.has(id) || draft.has(join("models.providers", id))) continue;
      if (tell(draft, id, path, undefined)) told.add(id);
    }
  }
}

/** Whether there was something to tell. */
function tell(draft: Draft, id: string, path: string, written: unknown): boolean {
  const declared = draft.get(join("models.providers", id) + ".locality");
  const url = typeof written === "string" ? written : defaultBaseUrl(presetNamed(id));
  if (url === undefined || (declared !== undefined && declared !== "cloud")) return false;
  const { locality, why } = placeOfAddress(url);
  if (locality !== "cloud") return false;
  const how =
    draft.get("offline") === true
      ? "`offline: true` keeps it from being asked"
      : `Only mode internet reaches it. ${howToAllow(locality, { provider: id })}`;
  draft.note(path, `"${id}" is in the cloud (${why}). ${how}`);
  return true;
}

function refsOf(draft: Draft, path: string): { ref: string; path: string }[] {
  const model = draft.get(path);
  if (!isObject(model)) return [];
  const { primary, fallbacks } = model;
  const rest = Array.isArray(fallbacks) ? fallbacks : [];
  return [
    ...(typeof primary === "string" ? [{ ref: primary, path: `${path}.primary` }] : []),
    ...rest.flatMap((ref: unknown, i) =>
      typeof ref === "string" ? [{ ref, path: join(`${path}.fallbacks`, i) }] : [],
    ),
  ];
}
