/** One model of a provider, in the words of other programs. */

import type { Api } from "../models/params/table.ts";
import type { Draft } from "./draft.ts";
import { isObject, join } from "./read.ts";
import { FLAGS } from "./compat-flags.ts";
import { translateParams } from "./translate-params.ts";

export function translateModel(draft: Draft, model: string, api: Api | undefined): void {
  draft.drop(`${model}.name`, "not used: a model is shown by its id");
  draft.move(`${model}.inputTypes`, `${model}.input`);
  for (const flag of FLAGS) draft.move(`${model}.${flag}`, `${model}.compat.${flag}`);
  for (const field of ["contextWindow", "contextTokens", "maxTokens"]) {
    readNumber(draft, `${model}.${field}`);
  }
  translateContext(draft, model);
  translateInput(draft, `${model}.input`);
  translateThinkingLevels(draft, model);
  for (const [flag, why] of Object.entries(NOT_NEEDED)) draft.drop(`${model}.compat.${flag}`, why);
  translateApi(draft, model, api);
  translateParams(draft, `${model}.params`, api);
  tellTwoSizes(draft, model);
}

/** `contextWindow` is what the model was made for, to OpenClaw; what it shall use is `contextTokens`. */
function translateContext(draft: Draft, model: string): void {
  const cap = draft.get(`${model}.contextTokens`);
  const most = draft.get(`${model}.contextWindow`);
  if (typeof cap !== "number") return;
  const tokens = typeof most === "number" ? Math.min(cap, most) : cap;
  draft.set(`${model}.contextWindow`, tokens, `${model}.contextTokens`);
  const instead = typeof most === "number" && most !== tokens ? `, in place of ${most}` : "";
  draft.drop(`${model}.contextTokens`, `read as "contextWindow": ${tokens}${instead}`);
}

/** Guides tell people to set both alike. What is budgeted and what is allocated is one size here. */
function tellTwoSizes(draft: Draft, model: string): void {
  const sent = draft.get(`${model}.params.num_ctx`);
  const budget = draft.get(`${model}.contextWindow`);
  if (sent === undefined || budget === undefined || sent === budget) return;
  const path = `${model}.params.num_ctx`;
  draft.note(path, `${String(sent)} is used for both; "contextWindow" says ${String(budget)}`);
}

/** Text and images are all that is sent here. */
function translateInput(draft: Draft, path: string): void {
  const input = draft.get(path);
  if (!Array.isArray(input)) return;
  const others = input.filter((kind) => kind === "video" || kind === "audio" || kind === "pdf");
  if (others.length === 0) return;
  draft.set(
    path,
    input.filter((kind) => !others.includes(kind)),
    path,
  );
  draft.note(path, `"${others.join('", "')}" left out: only text and images are sent`);
}

/** A word for each degree of thinking; null where the model has none. */
function translateThinkingLevels(draft: Draft, model: string): void {
  const levels = draft.get(`${model}.thinkingLevelMap`);
  if (!isObject(levels)) return;
  for (const [level, word] of Object.entries(levels)) {
    if (typeof word !== "string") continue;
    draft.set(join(`${model}.compat.reasoningEffortMap`, level), word, `${model}.thinkingLevelMap`);
  }
  draft.drop(`${model}.thinkingLevelMap`, 'read as "compat.reasoningEffortMap"');
}

/** Flags about fields that are never sent, so that both of their values are kept. */
const NOT_NEEDED: Record<string, string> = {
  supportsStore: "not needed: nothing is ever asked to be stored",
  supportsPromptCacheKey: "not needed: no cache key is ever sent",
  supportsDeveloperRole: "not needed: instructions are always sent as `system`",
  supportsStrictMode: "not needed: strict tool schemas are never asked for",
  visibleReasoningDetailTypes: "not needed: reasoning is shown as the server streams it",
  requiresOpenAiAnthropicToolPayload: "not needed: each dialect has a file of its own",
  codeMode: "not used: tools are called one by one",
};

function translateApi(draft: Draft, model: string, api: Api | undefined): void {
  const own = draft.get(`${model}.api`);
  if (own === undefined) return;
  const why =
    own === api
      ? "not needed: it is its provider's"
      : `not used: a provider speaks one dialect, and this one ${api ?? "its product's own"}; make a second one for this model`;
  draft.drop(`${model}.api`, why);
}

/** A number that stands in quotes is meant as one. */
function readNumber(draft: Draft, path: string): void {
  const value = draft.get(path);
  if (typeof value !== "string" || !/^\d+$/.test(value)) return;
  draft.set(path, Number(value), path);
  draft.note(path, `"${value}" read as the number ${value}`);
}
