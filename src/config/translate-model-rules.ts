/**
 * `agents.defaults.models`: to the seeds the list of what may be asked, to OpenClaw a place for names and
 * parameters as well, with the list in `modelPolicy.allow` since. The list is kept; parameters go to the
 * model that they belong to.
 */

import { presetNamed } from "../models/presets.ts";
import type { Draft } from "./draft.ts";
import { isObject, join } from "./read.ts";

const MODELS = "agents.defaults.models";
const POLICY = "agents.defaults.modelPolicy";

export function translateModelRules(draft: Draft): void {
  readList(draft);
  for (const { key, path } of draft.entries(MODELS)) {
    moveParams(draft, key, path);
    draft.drop(join(path, "agentRuntime"), "not used: there is one way to run an agent");
    for (const field of ["streaming", "thinking"]) draft.drop(join(path, field), "not used here");
  }
  applyPolicy(draft);
}

/** A list of names is a map of them. */
function readList(draft: Draft): void {
  const list = draft.get(MODELS);
  if (!Array.isArray(list)) return;
  draft.set(MODELS, Object.fromEntries(list.map((ref) => [String(ref), {}])), MODELS);
  draft.note(MODELS, "read as a map by name");
}

/** The provider's own word wins, as it does in OpenClaw. */
function moveParams(draft: Draft, ref: string, path: string): void {
  const params = draft.entries(join(path, "params"));
  if (params.length === 0) return draft.drop(join(path, "params"));
  const slash = ref.indexOf("/");
  const provider = ref.slice(0, Math.max(0, slash));
  const home = join("models.providers", provider);
  const known = draft.has(home) || presetNamed(provider).id !== "custom";
  if (!provider || !known) {
    return draft.drop(join(path, "params"), `not used: there is no provider "${provider}"`);
  }
  const model = ref.slice(slash + 1);
  const to = model === "*" ? home : entryOf(draft, home, model);
  for (const { key, path: from } of params) draft.move(from, join(`${to}.params`, key));
  draft.drop(join(path, "params"));
}

/** Where the provider's models still are a list, the map that they will become is what is written to. */
function entryOf(draft: Draft, provider: string, model: string): string {
  return join(`${provider}.models`, model);
}

/** With a policy, that is the list, and the other map only names things. */
function applyPolicy(draft: Draft): void {
  const policy = draft.get(POLICY);
  if (policy === undefined) return;
  const allow = isObject(policy) ? policy["allow"] : undefined;
  if (!Array.isArray(allow) || allow.length === 0) {
    return draft.drop(POLICY, "not used: an empty list allows every model");
  }
  const named = draft.get(MODELS);
  const entries = isObject(named) ? named : {};
  const listed = allow.map(String).map((ref) => [ref, entries[ref] ?? {}] as const);
  draft.set(MODELS, Object.fromEntries(listed), `${POLICY}.allow`);
  draft.drop(POLICY, `"allow" read as "${MODELS}"`);
}
