/**
 * The manual of the config, as a config: every key with its reason, its choices and its default. What has no
 * default stands commented out, with an example from its `.meta({ examples })`. Tests read it back: it
 * means the same as an empty config, and each example in it can be used.
 */

import { z } from "zod";

import type { Setting } from "../protocol/setting.ts";
import { isObject } from "./read.ts";

type Schema = {
  type?: string;
  description?: string;
  examples?: unknown[];
  default?: unknown;
  enum?: unknown[];
  minimum?: number;
  maximum?: number;
  exclusiveMinimum?: number;
  maxLength?: number;
  properties?: Record<string, Schema>;
  propertyNames?: Schema;
  additionalProperties?: Schema | boolean;
  items?: Schema;
};

/** As wide as the formatter lets lines be. */
const WIDTH = 100;

export function configExample(settings: readonly Setting[]): string {
  const place: Place = { isSample: false, width: WIDTH - INDENT.length, shown: new Set() };
  const parts = settings.map(({ key, schema }) => {
    const json = z.toJSONSchema(schema, { io: "input", unrepresentable: "any" }) as Schema;
    return indented(member(key, json, schema.safeParse(undefined).data, place)).join("\n");
  });
  return `${HEAD}{\n${parts.join("\n\n")}\n}\n`;
}

const HEAD = `// Every setting of Isopod: why it is there, what it may be, and its default. What is commented out
// has no default and shows an example.
//
// Copy what you want to change to ~/.isopod/isopod.json and leave out the rest: what is not there
// keeps its default. That file is JSON5: comments, single quotes and trailing commas are welcome.
// \`isopod config check FILE\` says what a file would do, \`isopod config explain\` what is in force.
//
// \`npm run fix\` writes this file from the code, and a test keeps the two equal.
`;

type Place = {
  /** Whether this stands inside of an example: then it is commented out together with it. */
  isSample: boolean;
  /** Columns that are left. */
  width: number;
  /** Objects that were explained already, so that they are not explained twice. */
  shown: Set<string>;
};

/** The lines of one key, its comment first. `value` is its default; undefined where it has none. */
function member(key: string, schema: Schema, value: unknown, place: Place): string[] {
  const isSample = place.isSample || value === undefined;
  const isFirst = isSample && !place.isSample;
  const width = isFirst ? place.width - COMMENT.length : place.width;
  const repeated = schema.properties !== undefined && isShown(schema.properties, place.shown);
  const body = repeated
    ? [`${show(key)}: ${show(schema.examples?.[0] ?? {})},`]
    : entry(key, schema, value, { ...place, isSample, width });
  const limits = repeated ? ["As above"] : [choices(schema), range(schema)];
  const about = [schema.description, ...limits].flatMap((text) => comment(text, place.width));
  return [...about, ...(isFirst ? commentedOut(body) : body)];
}

/** A key with its value, which may go over many lines. */
function entry(key: string, schema: Schema, value: unknown, place: Place): string[] {
  const { properties, propertyNames, additionalProperties: item } = schema;
  const inner = { ...place, width: place.width - INDENT.length };
  if (properties) {
    const lines = Object.entries(properties).flatMap(([name, child]) =>
      member(name, child, defaultOf(child, isObject(value) ? value[name] : undefined), inner),
    );
    return [`${show(key)}: {`, ...indented(lines), "},"];
  }
  if (isObject(item) && "properties" in item) {
    const name = String(sample(propertyNames ?? {}, key));
    const lines = member(name, item, undefined, inner);
    return [`${show(key)}: {`, ...indented(lines), "},"];
  }
  return [`${show(key)}: ${show(value ?? sample(schema, key))},`];
}

/** Inside of an example there are no parsed values, but the schema still tells the defaults. */
const defaultOf = (schema: Schema, value: unknown) => value ?? schema.default;

function isShown(properties: object, shown: Set<string>): boolean {
  const text = JSON.stringify(properties);
  if (shown.has(text)) return true;
  shown.add(text);
  return false;
}

/** Something that may stand there. */
function sample(schema: Schema, key: string): unknown {
  const [example] = schema.examples ?? [];
  if (example !== undefined) return example;
  if (schema.enum) return schema.enum[0];
  if (schema.type === "boolean") return true;
  if (schema.type === "number") return schema.minimum ?? schema.exclusiveMinimum ?? 0;
  if (schema.type === "array" && schema.items) return [sample(schema.items, key)];
  throw new Error(`"${key}" has no default: give it .meta({ examples: [...] })`);
}

function choices({ enum: values }: Schema): string | undefined {
  return values && `One of ${values.map((value) => JSON.stringify(value)).join(", ")}`;
}

function range({ type, minimum, maximum, maxLength }: Schema): string | undefined {
  if (maxLength !== undefined) return `At most ${maxLength} characters`;
  if (type !== "integer" && type !== "number") return undefined;
  // The largest safe integer stands in every schema of a whole number; nobody needs to be told.
  const hasMost = maximum !== undefined && maximum < Number.MAX_SAFE_INTEGER;
  if (hasMost)
    return minimum === undefined ? `At most ${maximum}` : `From ${minimum} to ${maximum}`;
  return minimum !== undefined && minimum > 1 ? `At least ${minimum}` : undefined;
}

const INDENT = "  ";
const COMMENT = "// ";

const indented = (lines: readonly string[]) => lines.map((line) => INDENT + line);
const commentedOut = (lines: readonly string[]) => lines.map((line) => COMMENT + line);

/** A text as comment lines that end in a full stop, broken between words. */
function comment(text = "", width: number): string[] {
  const words = text.replace(/(?<![.…])$/, ".").split(" ");
  const lines: string[] = [];
  for (const word of text === "" ? [] : words) {
    const longer = `${lines.at(-1)} ${word}`;
    if (lines.length > 0 && longer.length <= width - COMMENT.length) lines.splice(-1, 1, longer);
    else lines.push(word);
  }
  return commentedOut(lines);
}

/** JSON on one line, with room to breathe in it. */
function show(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(show).join(", ")}]`;
  if (!isObject(value)) return JSON.stringify(value);
  const members = Object.entries(value).map(([key, child]) => `${show(key)}: ${show(child)}`);
  return members.length > 0 ? `{ ${members.join(", ")} }` : "{}";
}
