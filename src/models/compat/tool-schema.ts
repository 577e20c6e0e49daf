/** Takes out of a tool's schema what one server's grammar cannot hold. Pure; the schema is not changed. */

import { isRecord } from "../../base/json.ts";
import type { Compat } from "../settings.ts";

/** llama.cpp turns each repetition into rules of its grammar, and gives up above this many. */
const MOST_GRAMMAR_REPEATS = 2_000;

const BY_PROFILE: Record<
  NonNullable<Compat["toolSchemaProfile"]>,
  (key: string, value: unknown) => boolean
> = {
  llamacpp: (key, value) =>
    key === "pattern" ||
    (key === "maxLength" && typeof value === "number" && value >= MOST_GRAMMAR_REPEATS),
  gemini: (key) =>
    ["$schema", "additionalProperties", "pattern", "default", "examples", "const"].includes(key),
};

/** The same schema where nothing has to go. */
export function fitToolSchema(schema: object, compat: Compat): object {
  const { toolSchemaProfile: profile, unsupportedToolSchemaKeywords: keywords = [] } = compat;
  if (!profile && keywords.length === 0) return schema;
  const goes = (key: string, value: unknown) =>
    keywords.includes(key) || (profile !== undefined && BY_PROFILE[profile](key, value));
  return clean(schema, goes, false) as object; // an object stays one
}

/** Names of properties stand where keywords do, and may be called like one. */
function clean(
  value: unknown,
  goes: (key: string, value: unknown) => boolean,
  areNames: boolean,
): unknown {
  if (Array.isArray(value)) return value.map((item) => clean(item, goes, false));
  if (!isRecord(value)) return value;
  return Object.fromEntries(
    Object.entries(value)
      .filter(([key, child]) => areNames || !goes(key, child))
      .map(([key, child]) => [key, clean(child, goes, !areNames && key === "properties")]),
  );
}
