/** Runtime parameters: what other programs call them, what was written as text, and what will not be sent. */

import { nearest } from "../base/nearest.ts";
import { ELSEWHERE, nameOf } from "../models/params/names.ts";
import { type Api, PARAMS, type Row, rowOf } from "../models/params/table.ts";
import { fit } from "../models/params/values.ts";
import type { Draft } from "./draft.ts";
import { join } from "./read.ts";

/** `api` is the dialect they will be sent in, where that is known. Wrong values are left for the schema. */
export function translateParams(draft: Draft, path: string, api: Api | undefined): void {
  for (const { key, path: at } of draft.entries(path)) {
    const name = nameOf(key);
    if (name !== key) renameParam(draft, path, key, name);
    const row = rowOf(name);
    if (row) translateValue(draft, join(path, name), row, api);
    else noteUnknown(draft, at, key);
  }
}

function renameParam(draft: Draft, path: string, from: string, to: string): void {
  draft.move(join(path, from), join(path, to));
}

function translateValue(draft: Draft, path: string, row: Row, api: Api | undefined): void {
  const value = draft.get(path);
  const fitting = fit(value, row.kind);
  if (typeof value === "string" && typeof fitting !== "string" && fitting !== undefined) {
    draft.set(path, fitting, path);
    const what = typeof fitting === "number" ? `the number ${fitting}` : `${String(fitting)}`;
    draft.note(path, `"${value}" read as ${what}`);
  }
  const why = api && whyNotSent(row, api);
  if (why !== undefined) draft.note(path, `not sent: ${why}`);
}

/** Why a server of this dialect is never told; undefined where it is, or where it is settled otherwise. */
function whyNotSent(row: Row, api: Api): string | undefined {
  if (row === PARAMS["num_ctx"] || row === PARAMS["think"]) return undefined;
  if (row === PARAMS["num_predict"] || row === PARAMS["extra_body"]) return undefined;
  const field = {
    ollama: row.ollama,
    "openai-completions": row.chat,
    "openai-responses": row.responses,
    "anthropic-messages": row.messages,
  }[api];
  if (field !== undefined) return undefined;
  const how = row.atStart;
  if (how === undefined || api === "ollama") return `servers that speak ${api} do not know it`;
  return `servers that speak ${api} take it when they start (${how})`;
}

function noteUnknown(draft: Draft, path: string, key: string): void {
  const settled = Object.hasOwn(ELSEWHERE, key) ? ELSEWHERE[key] : undefined;
  if (key === "tool_choice") {
    draft.move(path, path.replace(/\.params\.tool_choice$/, ".compat.tool_choice"));
    return;
  }
  if (settled !== undefined) return draft.drop(path, settled);
  const near = nearest(key, Object.keys(PARAMS));
  const meant = near ? `; did you mean "${near}"?` : "";
  draft.note(
    path,
    `not known, not sent${meant}; fields that a server has beside go into extra_body`,
  );
}
