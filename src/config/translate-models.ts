/** The ways people write model providers, turned into ours: the seeds', OpenClaw's, older guides'. */

import type { Draft } from "./draft.ts";
import { isObject, join } from "./read.ts";

export function translateModels(draft: Draft): void {
  for (const provider of draft.entries("models.providers")) {
    if (!isObject(provider.value)) continue;
    renameProviderKeys(draft, provider.path);
    translateModelList(draft, provider.path);
    translateOllamaUrl(draft, provider.key, provider.path);
    translateDialect(draft, provider.path);
    pushDownCompat(draft, provider.path);
    for (const model of draft.entries(`${provider.path}.models`)) translateModel(draft, model.path);
  }
  if (isObject(draft.get("models.pricing")))
    draft.drop("models.pricing", "not used: give each model its own `cost`");
  draft.drop("models.catalogRefresh", "not used: no catalogue is ever fetched");
}

function renameProviderKeys(draft: Draft, provider: string): void {
  if (typeof draft.get(`${provider}.type`) === "string") {
    draft.move(`${provider}.type`, `${provider}.api`);
  }
  for (const other of ["host", "baseURL", "endpoint", "url"]) {
    draft.move(`${provider}.${other}`, `${provider}.baseUrl`);
  }
}

/** OpenClaw writes models as a list of objects with an id; we key them by id. */
function translateModelList(draft: Draft, provider: string): void {
  const path = `${provider}.models`;
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
    const { id: _, name: __, ...rest } = isObject(item) ? item : {};
    byId[id] = rest;
    draft.origins.set(join(path, id), join(path, index));
    for (const key of Object.keys(rest)) {
      draft.origins.set(join(join(path, id), key), join(join(path, index), key));
    }
  }
  draft.note(path, "read as a map: each model under its id");
}

/**
 * Ollama's `/v1` endpoint loses tool calls while streaming (ollama/ollama#9092), so Ollama is always
 * spoken natively. Here for what the config alone shows; discovery does it for what a server shows.
 */
function translateOllamaUrl(draft: Draft, id: string, provider: string): void {
  const url = draft.get(`${provider}.baseUrl`);
  const api = draft.get(`${provider}.api`);
  const named = api === "ollama" || /^ollama(-|$)/.test(id);
  const onItsPort = typeof url === "string" && /:11434(\/|$)/.test(url);
  if (!named && !onItsPort) return;
  if (typeof url === "string" && /\/v1\/?$/.test(url)) {
    draft.set(`${provider}.baseUrl`, url.replace(/\/v1\/?$/, ""), `${provider}.baseUrl`);
    draft.note(
      `${provider}.baseUrl`,
      "`/v1` taken off: Ollama is spoken natively, its `/v1` loses tool calls",
    );
  }
  if (api !== undefined && api !== "ollama") {
    draft.note(`${provider}.api`, `"${String(api)}" read as "ollama": this is an Ollama server`);
  }
  draft.set(`${provider}.api`, "ollama", `${provider}.api`);
}

/** OpenAI's Responses API is spoken later; local servers that have it have chat completions too. */
function translateDialect(draft: Draft, provider: string): void {
  const path = `${provider}.api`;
  const api = draft.get(path);
  const url = draft.get(`${provider}.baseUrl`);
  const aliases: Record<string, string> = {
    openai: "openai-completions",
    "openai-compatible": "openai-completions",
  };
  if (typeof api === "string" && Object.hasOwn(aliases, api)) {
    draft.set(path, aliases[api], path);
    draft.note(path, `"${api}" read as "${aliases[api]}"`);
  } else if (api === "openai-responses" && typeof url === "string" && isLocal(url)) {
    draft.set(path, "openai-completions", path);
    draft.note(
      path,
      '"openai-responses" read as "openai-completions", which this server has as well',
    );
  } else if (api === undefined && typeof url === "string") {
    draft.set(path, "openai-completions");
  }
}

const isLocal = (url: string) =>
  /^https?:\/\/(localhost|127\.|\[::1\]|host\.docker\.internal)/.test(url);

const COMPAT = ["requiresStringContent", "strictMessageKeys", "tool_choice", "supportsTools"];

/** The seeds set compat flags on the provider; they belong to its `compat`. */
function pushDownCompat(draft: Draft, provider: string): void {
  for (const flag of COMPAT) draft.move(`${provider}.${flag}`, `${provider}.compat.${flag}`);
}

function translateModel(draft: Draft, model: string): void {
  draft.move(`${model}.inputTypes`, `${model}.input`);
  draft.drop(`${model}.name`);
  for (const flag of COMPAT) draft.move(`${model}.${flag}`, `${model}.compat.${flag}`);
  const path = `${model}.params.keep_alive`;
  const keep = draft.get(path);
  // Ollama parses strings as Go durations, and "-1" has no unit: only the number means "for ever".
  if (typeof keep === "string" && /^-?\d+$/.test(keep)) {
    draft.set(path, Number(keep), path);
    draft.note(
      path,
      `"${keep}" read as the number ${keep}: Ollama takes a number of seconds or a duration`,
    );
  }
}
