/** What a parameter's value may be: whether one fits, what it was meant to be, and that in words. Pure. */

import { isRecord } from "../../base/json.ts";
import type { Kind } from "./table.ts";

/** The value as the servers take it; undefined where it is not what it must be. */
export function fit(value: unknown, kind: Kind): unknown {
  switch (kind.type) {
    case "number":
    case "whole":
      return toNumber(value, kind);
    case "boolean":
      return toBoolean(value);
    case "text":
      return typeof value === "string" ? value : undefined;
    case "texts":
      return isTexts(value) ? value : undefined;
    case "object":
      // Ollama's `format` is a schema or the word "json".
      return isRecord(value) || value === "json" ? value : undefined;
    case "duration":
      return toKeepAlive(value);
    case "think":
      return toThink(value);
  }
}

/** What would fit, in words that follow "must be". */
export function allowedIn(kind: Kind): string {
  switch (kind.type) {
    case "number":
      return `a number${rangeOf(kind)}`;
    case "whole":
      return `a whole number${rangeOf(kind)}`;
    case "boolean":
      return "true or false";
    case "text":
      return "a text in quotes";
    case "texts":
      return "a text in quotes or a list of texts";
    case "object":
      return "an object: { … }";
    case "duration":
      return 'seconds, a duration such as "10m", or -1 for ever';
    case "think":
      return `true, false, "off" or one of "${EFFORTS.join('", "')}"`;
  }
}

export const EFFORTS = ["minimal", "low", "medium", "high", "xhigh", "max"] as const;
export type Effort = (typeof EFFORTS)[number];

/** Whether a model thinks, and how hard where somebody said. */
export type Think = boolean | Effort;

export function toThink(value: unknown): Think | undefined {
  if (typeof value === "boolean") return value;
  if (value === "off" || value === "none") return false;
  if (value === "on") return true;
  return EFFORTS.find((effort) => effort === value);
}

/**
 * Ollama takes a number of seconds or a Go duration; it refuses the string "-1", which guides write for
 * "for ever". What is neither is left out: the server's default beats a refused chat.
 */
export function toKeepAlive(value: unknown): number | string | undefined {
  if (typeof value === "number") return Number.isFinite(value) ? value : undefined;
  if (typeof value !== "string") return undefined;
  const text = value.trim();
  if (/^-?\d+$/.test(text)) return Number(text);
  return /^-?(\d+(\.\d+)?(ns|us|µs|ms|s|m|h))+$/.test(text) ? text : undefined;
}

/** A number that stands in quotes is meant as one. */
function toNumber(
  value: unknown,
  { type, least = -Infinity, most = Infinity }: Extract<Kind, { type: "number" | "whole" }>,
): number | undefined {
  const text = typeof value === "string" && value.trim() !== "";
  const number = text ? Number(value) : value;
  if (typeof number !== "number" || !Number.isFinite(number)) return undefined;
  if (type === "whole" && !Number.isInteger(number)) return undefined;
  return number >= least && number <= most ? number : undefined;
}

function toBoolean(value: unknown): boolean | undefined {
  if (typeof value === "boolean") return value;
  return value === "true" ? true : value === "false" ? false : undefined;
}

const isTexts = (value: unknown) =>
  typeof value === "string" ||
  (Array.isArray(value) && value.every((item) => typeof item === "string"));

function rangeOf({ least, most }: { least?: number; most?: number }): string {
  if (least !== undefined && most !== undefined) return ` from ${least} to ${most}`;
  return least === undefined ? "" : `, at least ${least}`;
}
