/** The ways people write model providers, turned into ours: the seeds', OpenClaw's, older guides'. */

import { Fault } from "../base/fault.ts";
import { APIS } from "../models/settings.ts";
import type { Draft, Finding } from "./draft.ts";
import type { Environment } from "./environment.ts";
import { isObject, join } from "./read.ts";
import { FLAGS } from "./compat-flags.ts";
import { translateKey } from "./translate-keys.ts";
import { translateModel } from "./translate-model.ts";
import { translateParams } from "./translate-params.ts";

export type ModelsInput = { env: Environment; faults: Finding[] };

export function translateModels(draft: Draft, { env, faults }: ModelsInput): void {
  for (const { key, path, value } of draft.entries("models.providers")) {
    if (!isObject(value)) continue;
    renameProviderKeys(draft, path);
    if (leaveOutUnspoken(draft, path)) continue;
    translateOllamaUrl(draft, key, path);
    translateDialect(draft, path);
    translateRequest(draft, path, faults);
    translateKeys(draft, path, env);
    pushDownCompat(draft, path);
    translateService(draft, `${path}.localService`);
    const api = APIS.find((api) => api === draft.get(`${path}.api`));
    translateParams(draft, `${path}.params`, api);
    for (const model of draft.entries(`${path}.models`)) translateModel(draft, model.path, api);
  }
  draft.move("agents.defaults.params", "models.params");
  translateParams(draft, "models.params", undefined);
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

/** Dialects of OpenClaw that are not spoken here. Any other word is a misspelt one, and is a fault. */
const UNSPOKEN = new Set([
  "openai-chatgpt-responses",
  "openai-codex-responses",
  "azure-openai-responses",
  "google-generative-ai",
  "google-vertex",
  "github-copilot",
  "bedrock-converse-stream",
]);

/** A provider that could never be asked must not keep the others from working. */
function leaveOutUnspoken(draft: Draft, provider: string): boolean {
  const api = draft.get(`${provider}.api`);
  if (typeof api !== "string" || !UNSPOKEN.has(api)) return false;
  draft.drop(provider);
  draft.note(provider, `left out: "${api}" is not spoken, only ${APIS.join(", ")}`);
  return true;
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
  draft.drop(
    `${provider}.injectNumCtxForOpenAICompat`,
    "not needed: the context size is sent with every request",
  );
}

const ALIASES: Record<string, string> = {
  openai: "openai-completions",
  "openai-compatible": "openai-completions",
  anthropic: "anthropic-messages",
};

function translateDialect(draft: Draft, provider: string): void {
  const path = `${provider}.api`;
  const api = draft.get(path);
  if (typeof api === "string" && Object.hasOwn(ALIASES, api)) {
    draft.set(path, ALIASES[api], path);
    draft.note(path, `"${api}" read as "${ALIASES[api]}"`);
  } else if (api === undefined && draft.has(`${provider}.baseUrl`)) {
    // Not where the product's own dialect is better known than what most servers speak.
    if (!/\.(anthropic|openai)$/.test(provider)) draft.set(path, "openai-completions");
  }
}

/** `request` of OpenClaw: headers and keys have a place here, a proxy has none. */
function translateRequest(draft: Draft, provider: string, faults: Finding[]): void {
  const request = draft.get(`${provider}.request`);
  if (!isObject(request)) return;
  const headers = draft.get(`${provider}.request.headers`);
  if (isObject(headers)) {
    for (const { key, path } of draft.entries(`${provider}.request.headers`)) {
      draft.move(path, join(`${provider}.headers`, key));
    }
  }
  draft.move(`${provider}.request.auth.token`, `${provider}.apiKey`);
  const name = draft.get(`${provider}.request.auth.headerName`);
  if (typeof name === "string") {
    draft.move(`${provider}.request.auth.value`, join(`${provider}.headers`, name));
  }
  if (draft.has(`${provider}.request.proxy`)) {
    const why = "there is no way through a proxy, and going round it may tell who you are";
    notKept(
      faults,
      `${provider}.request.proxy`,
      why,
      "Remove it if the server may be reached directly",
    );
  }
  if (draft.get(`${provider}.request.allowPrivateNetwork`) === false) {
    const why =
      "an address that config names is reached wherever it leads, as far as the mode goes";
    const instead =
      "Remove it, or remove the provider; `isopod mode set device` keeps to this machine";
    notKept(faults, `${provider}.request.allowPrivateNetwork`, why, instead);
  }
  draft.drop(
    `${provider}.request`,
    "read as far as it names headers and a key; the rest is not used",
  );
}

function notKept(faults: Finding[], path: string, why: string, instead: string): void {
  faults.push({ path, fault: new Fault("CONFIG_NOT_KEPT", { path, why, instead }) });
}

function translateKeys(draft: Draft, provider: string, env: Environment): void {
  translateKey(draft, `${provider}.apiKey`, env);
  const models = draft.entries(`${provider}.models`).map(({ path }) => path);
  for (const owner of [provider, ...models]) {
    for (const { path } of draft.entries(`${owner}.headers`)) translateKey(draft, path, env);
  }
  const key = draft.get(`${provider}.apiKey`);
  const bearer = draft.get(`${provider}.authHeader`) === true;
  if (bearer && typeof key === "string" && draft.get(`${provider}.api`) === "anthropic-messages") {
    draft.set(`${provider}.headers.authorization`, `Bearer ${key}`, `${provider}.authHeader`);
    draft.drop(`${provider}.authHeader`, "read as an `authorization` header");
  }
  draft.drop(`${provider}.authHeader`, "not needed: the key is sent as `authorization`");
  draft.drop(`${provider}.auth`, "not used: the key goes where the dialect wants it");
}

/** OpenClaw gives these times in milliseconds, and an address to ask for health. */
function translateService(draft: Draft, service: string): void {
  const times = { readyTimeoutMs: ["readySeconds", 1_000], idleStopMs: ["idleMinutes", 60_000] };
  for (const [from, [to, unit]] of Object.entries(times)) {
    const ms = draft.get(`${service}.${from}`);
    if (typeof ms !== "number" || typeof unit !== "number") continue;
    if (draft.has(`${service}.${to}`)) continue;
    draft.set(`${service}.${to}`, ms / unit, `${service}.${from}`);
    draft.drop(`${service}.${from}`, `read as "${to}": ${ms / unit}`);
  }
  draft.drop(`${service}.healthUrl`, "not needed: the server is asked what it is at its baseUrl");
}

/** What the seeds set on the provider belongs to its `compat`. */
function pushDownCompat(draft: Draft, provider: string): void {
  for (const flag of FLAGS) draft.move(`${provider}.${flag}`, `${provider}.compat.${flag}`);
}
