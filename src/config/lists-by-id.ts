/** What others write as lists of things with an id is a map by id here; later steps count on it. */

import type { Draft } from "./draft.ts";
import { isObject, join } from "./read.ts";

export function listById(draft: Draft): void {
  draft.move("providers", "models.providers"); // a block that begins one level further in
  for (const { path, value } of draft.entries("models.providers")) {
    if (isObject(value)) keyModels(draft, `${path}.models`);
  }
  for (const list of ["agents.list", "agents.profiles"]) keyAgents(draft, list);
}

/** OpenClaw writes models as a list of objects with an id; we key them by id. */
function keyModels(draft: Draft, path: string): void {
  const list = draft.get(path);
  if (!Array.isArray(list)) return;
  const byId: Record<string, unknown> = {};
  draft.set(path, byId, path);
  for (const [index, item] of list.entries()) {
    const id = typeof item === "string" ? item : isObject(item) ? item["id"] : undefined;
    if (typeof id !== "string" || id === "" || id === "__proto__") {
      draft.note(join(path, index), "left out: a model needs an `id`");
      continue;
    }
    const { id: _, ...rest } = isObject(item) ? item : {};
    byId[id] = rest;
    draft.origins.set(join(path, id), join(path, index));
    for (const key of Object.keys(rest)) {
      draft.origins.set(join(join(path, id), key), join(join(path, index), key));
    }
  }
  if (list.length > 0) draft.note(path, "read as a map: each model under its id");
}

/** A list of agents with ids, or a map of profiles, becomes `agents.entries`. */
function keyAgents(draft: Draft, from: string): void {
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
    const { id: _, ...rest } = item;
    const to = join("agents.entries", id);
    if (draft.has(to))
      draft.note(join(from, key), `left out: "agents.entries.${id}" is set as well, and wins`);
    else draft.set(to, rest, join(from, key));
  }
  if (list !== undefined) draft.drop(from, 'read as "agents.entries"');
}
