/**
 * `brain` is the community guides' word for who answers; no release of OpenClaw ever had it. It names a
 * provider in the cloud, a local server, and who steps in.
 */

import type { Draft } from "./draft.ts";
import { isObject, join } from "./read.ts";

const PRIMARY = "agents.defaults.model.primary";
const FALLBACKS = "agents.defaults.model.fallbacks";

/** Returns the provider to which a bare name of a model belongs, where `brain` says so. */
export function translateBrain(draft: Draft): string | undefined {
  if (!isObject(draft.get("brain"))) return undefined;
  const provider = draft.get("brain.provider");
  const local = takeLocal(draft);
  const cloud = typeof provider === "string" && provider !== "local" ? provider : undefined;
  const model = draft.get("brain.model");
  if (cloud === undefined && local?.ref) setPrimary(draft, local.ref, "brain.local.model");
  if (typeof model === "string") {
    const ref = full(model, cloud ?? (provider === "local" ? local?.id : undefined));
    setPrimary(draft, ref, "brain.model");
  }
  for (const name of ["fallback", "fallbacks"]) takeFallbacks(draft, `brain.${name}`, local?.ref);
  draft.drop("brain.local");
  draft.drop("brain.provider");
  draft.drop("brain.model");
  for (const rest of draft.entries("brain")) draft.note(rest.path, "left out: not known");
  draft.drop("brain");
  return cloud ?? (provider === "local" ? local?.id : undefined);
}

/** The local server becomes a provider; says which, and what `local.model` is in full. */
function takeLocal(draft: Draft): { id: string; ref: string | undefined } | undefined {
  const local = draft.get("brain.local");
  if (!isObject(local)) return undefined;
  const id = typeof local["type"] === "string" ? local["type"] : "ollama";
  const provider = join("models.providers", id);
  for (const name of ["endpoint", "baseUrl", "host", "url"]) {
    draft.move(`brain.local.${name}`, `${provider}.baseUrl`);
  }
  draft.move("brain.local.apiKey", `${provider}.apiKey`);
  draft.move("brain.local.timeoutSeconds", `${provider}.timeoutSeconds`);
  // The id says what product it is; `api` is a dialect, and only Ollama's has a product's name.
  if (id === "ollama") draft.move("brain.local.type", `${provider}.api`);
  const model = draft.get("brain.local.model");
  return { id, ref: typeof model === "string" ? full(model, id) : undefined };
}

/** "local" stands for the local server's model. */
function takeFallbacks(draft: Draft, path: string, local: string | undefined): void {
  const given = draft.get(path);
  if (given === undefined) return;
  const refs = (Array.isArray(given) ? given : [given]).flatMap((item) => toRef(item, local) ?? []);
  draft.drop(path);
  if (draft.has(FALLBACKS)) {
    return draft.note(path, `left out: "${FALLBACKS}" is set as well, and wins`);
  }
  draft.set(FALLBACKS, refs, path);
  draft.note(path, `read as "${FALLBACKS}" = ${JSON.stringify(refs)}`);
}

function toRef(item: unknown, local: string | undefined): string | undefined {
  if (item === "local") return local;
  if (typeof item === "string") return item;
  if (!isObject(item)) return undefined;
  const { provider, model } = item;
  if (provider === "local" && typeof model !== "string") return local;
  if (typeof model !== "string") return undefined;
  return full(model, typeof provider === "string" && provider !== "local" ? provider : undefined);
}

function setPrimary(draft: Draft, ref: string, from: string): void {
  if (draft.has(PRIMARY)) {
    return draft.note(from, `left out: "${PRIMARY}" is set as well, and wins`);
  }
  draft.set(PRIMARY, ref, from);
  draft.note(from, `read as "${PRIMARY}" = "${ref}"`);
}

/** `qwen3:32b` of `ollama` is `ollama/qwen3:32b`; a name that begins with a provider keeps it. */
const full = (model: string, provider: string | undefined) =>
  provider === undefined || model.startsWith(`${provider}/`) ? model : `${provider}/${model}`;
