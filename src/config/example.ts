import { z } from "zod";

import type { Setting } from "../protocol/setting.ts";
import { isObject } from "./read.ts";

type Schema = {
  type?: string;
  description?: string;
  default?: unknown;
  enum?: unknown[];
  properties?: Record<string, Schema>;
  additionalProperties?: Schema | boolean;
  anyOf?: Schema[];
};

/**
 * The manual of the config, as a config: every key with its reason and its default. What has no default
 * stands commented out. A test reads it back: it must mean the same as an empty config.
 */
export function configExample(settings: readonly Setting[]): string {
  const parts = settings.map(({ key, schema }) => {
    const json = z.toJSONSchema(schema, { io: "input", unrepresentable: "any" }) as Schema;
    return member(key, json, schema.safeParse(undefined).data, "  ");
  });
  return `${HEAD}{\n${parts.join("\n")}\n}\n`;
}

const HEAD = `// Every setting, its default, and why it is so. Copy what you want to change to
// ~/.isopod/isopod.json; what is not there keeps its default. The file is JSON5.
// \`isopod config check FILE\` says what a file would do, \`isopod config explain\` what is in force.
`;

/** One key with the comment above it. `value` is its default; undefined where it has none. */
function member(key: string, schema: Schema, value: unknown, indent: string): string {
  const name = /^[A-Za-z_]\w*$/.test(key) ? key : JSON.stringify(key);
  const comment = [schema.description, choices(schema)]
    .filter(Boolean)
    .map((text) => `${indent}// ${text}`);
  const entry = schema.additionalProperties;
  if (schema.properties && value !== undefined) {
    const lines = Object.entries(schema.properties).map(([child, at]) =>
      member(child, at, isObject(value) ? value[child] : undefined, `${indent}  `),
    );
    return [...comment, `${indent}${name}: {`, ...lines, `${indent}},`].join("\n");
  }
  if (isObject(entry) && (entry as Schema).properties) {
    const inside = Object.entries((entry as Schema).properties ?? {}).map(([child, at]) =>
      commentedOut(member(child, at, sample(at), `${indent}    `), indent),
    );
    return [
      ...comment,
      `${indent}${name}: {`,
      `${indent}  // "<id>": {`,
      ...inside,
      `${indent}  // },`,
      `${indent}},`,
    ].join("\n");
  }
  if (value === undefined)
    return [...comment, `${indent}// ${name}: ${JSON.stringify(sample(schema))},`].join("\n");
  return [...comment, `${indent}${name}: ${JSON.stringify(value)},`].join("\n");
}

/** Each line of a text as a comment at an indent; comments stay comments. */
const commentedOut = (text: string, indent: string) =>
  text
    .split("\n")
    .map((line) => `${indent}  // ${line.slice(indent.length + 2).replace(/^(\s*)\/\/ /, "$1// ")}`)
    .join("\n");

function choices({ enum: values }: Schema): string | undefined {
  return values && values.length > 1
    ? `One of ${values.map((value) => JSON.stringify(value)).join(", ")}.`
    : undefined;
}

/** Something of the right type, for a key that has no default. */
function sample({ type, enum: values, properties, anyOf, default: value }: Schema): unknown {
  if (value !== undefined) return value;
  if (values) return values[0];
  if (properties) return {};
  if (anyOf?.[0]) return sample(anyOf[0]);
  const samples: Record<string, unknown> = {
    string: "…",
    number: 0,
    integer: 0,
    boolean: false,
    array: [],
    object: {},
  };
  return samples[type ?? "object"];
}
