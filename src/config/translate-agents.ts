/** The ways people write agents and their models, turned into ours. */

import type { Draft } from "./draft.ts";
import { isObject, join } from "./read.ts";

export function translateAgents(draft: Draft): void {
  translateBrain(draft);
  draft.move("defaultModel", "agents.defaults.model");
  draft.move("agent.model", "agents.defaults.model");
  for (const list of ["agents.list", "agents.profiles"]) translateList(draft, list);
  translateModel(draft, "agents.defaults");
  for (const agent of draft.entries("agents.entries")) translateModel(draft, agent.path);
  translateAllowList(draft);
}

/** `brain` is the community guides' word; no release of OpenClaw ever had it. */
function translateBrain(draft: Draft): void {
  if (!isObject(draft.get("brain"))) return;
  const provider = draft.get("brain.provider");
  const local = draft.get("brain.local");
  if (isObject(local)) {
    const id = typeof local["type"] === "string" ? local["type"] : "ollama";
    draft.move("brain.local.endpoint", `models.providers.${id}.baseUrl`);
    draft.move("brain.local.baseUrl", `models.providers.${id}.baseUrl`);
    draft.move("brain.local.type", `models.providers.${id}.api`);
    movePrimary(draft, "brain.local.model", id);
  }
  movePrimary(
    draft,
    "brain.model",
    typeof provider === "string" && provider !== "local" ? provider : undefined,
  );
  const fallback = draft.get("brain.fallback");
  if (typeof fallback === "string") {
    draft.set("agents.defaults.model.fallbacks", [fallback], "brain.fallback");
    draft.drop("brain.fallback", 'read as "agents.defaults.model.fallbacks"');
  }
  draft.move("brain.fallback", "agents.defaults.model.fallbacks");
  draft.move("brain.fallbacks", "agents.defaults.model.fallbacks");
  draft.drop("brain.local");
  draft.drop("brain.provider");
  for (const rest of draft.entries("brain")) draft.note(rest.path, "left out: not known");
  draft.drop("brain");
}

function movePrimary(draft: Draft, from: string, provider: string | undefined): void {
  const model = draft.get(from);
  if (typeof model !== "string") return;
  const ref = provider && !model.startsWith(`${provider}/`) ? `${provider}/${model}` : model;
  if (draft.has("agents.defaults.model.primary")) {
    return draft.drop(from, 'left out: "agents.defaults.model.primary" is set as well, and wins');
  }
  draft.set("agents.defaults.model.primary", ref, from);
  draft.drop(from, `read as "agents.defaults.model.primary" = "${ref}"`);
}

/** A list of agents with ids, or a map of profiles, becomes `agents.entries`. */
function translateList(draft: Draft, from: string): void {
  const list = draft.get(from);
  const named: [string, unknown, string | number][] = Array.isArray(list)
    ? list.map((item, i) => [isObject(item) ? String(item["id"] ?? "") : "", item, i])
    : isObject(list)
      ? Object.entries(list).map(([id, item]) => [id, item, id])
      : [];
  for (const [id, item, key] of named) {
    if (!id || !isObject(item)) {
      draft.note(join(from, key), "left out: an agent needs an `id`");
      continue;
    }
    const { id: _, default: __, ...rest } = item;
    const to = join("agents.entries", id);
    if (draft.has(to))
      draft.note(join(from, key), `left out: "agents.entries.${id}" is set as well, and wins`);
    else draft.set(to, rest, join(from, key));
  }
  if (list !== undefined) draft.drop(from, 'read as "agents.entries"');
}

/** A model may be one name instead of `{ primary, fallbacks }`. */
function translateModel(draft: Draft, agent: string): void {
  const path = `${agent}.model`;
  const model = draft.get(path);
  if (typeof model !== "string") return;
  draft.set(path, { primary: model }, path);
  draft.origins.set(`${path}.primary`, path);
}

/** `agents.defaults.models` was an allow-list once; the chain itself is what we keep to. */
function translateAllowList(draft: Draft): void {
  const list = draft.get("agents.defaults.models");
  if (list === undefined) return;
  const primary = draft.get("agents.defaults.model.primary");
  const names = isObject(list) ? Object.keys(list) : [];
  draft.drop(
    "agents.defaults.models",
    typeof primary === "string" && names.length > 0 && !names.includes(primary)
      ? `not needed: only the primary and its fallbacks are ever asked (it does not list "${primary}")`
      : "not needed: only the primary and its fallbacks are ever asked",
  );
}
