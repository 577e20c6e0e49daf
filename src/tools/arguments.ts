/**
 * What small models send for arguments, made into what was meant: other names for a field, numbers as
 * text, `null` for what they leave out. The schema that a model is shown has none of this.
 */

import { z } from "zod";

/** Other names by field, the likelier first. */
export type Aliases = Readonly<Record<string, readonly string[]>>;

export const PATH_ALIASES = ["file", "filename", "filepath", "file_path", "file_name"] as const;

/** An object schema that mends first and judges after. */
export function forgiving<S extends z.ZodRawShape>(shape: S, aliases: Aliases = {}) {
  return z.preprocess((value) => mend(value, shape, aliases), z.object(shape));
}

function mend(value: unknown, shape: z.ZodRawShape, aliases: Aliases): unknown {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return value;
  const given = new Map(Object.entries(value).filter(([, one]) => one !== null));
  return Object.fromEntries(
    Object.entries(shape).flatMap(([field, schema]) => {
      const name = [field, ...(aliases[field] ?? [])].find((one) => given.has(one));
      return name === undefined ? [] : [[field, toKind(kindOf(schema), given.get(name))]];
    }),
  );
}

type Kind = "string" | "number" | "boolean" | "other";

function kindOf(schema: z.core.$ZodType): Kind {
  if (schema instanceof z.ZodOptional) return kindOf(schema.unwrap());
  if (schema instanceof z.ZodString) return "string";
  if (schema instanceof z.ZodNumber) return "number";
  return schema instanceof z.ZodBoolean ? "boolean" : "other";
}

function toKind(kind: Kind, value: unknown): unknown {
  if (kind === "string" && (typeof value === "number" || typeof value === "boolean")) {
    return String(value);
  }
  if (typeof value !== "string") return value;
  if (kind === "number" && /^\s*-?\d+\s*$/.test(value)) return Number(value);
  if (kind === "boolean" && /^\s*(true|false)\s*$/i.test(value)) return /true/i.test(value);
  return value;
}
