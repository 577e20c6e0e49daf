/** Finds keys that no setting knows. One that looks meant to restrict refuses to start; others are notes. */

import { z } from "zod";

import { Fault } from "../base/fault.ts";
import { editDistance, nearest } from "../base/nearest.ts";
import type { Setting } from "../protocol/setting.ts";
import type { Draft, Finding } from "./draft.ts";
import { whyElsewhere } from "./elsewhere.ts";
import { isObject, join, unescape } from "./read.ts";

/** Words whose loss would permit more than the author meant. */
const RESTRICTING = [
  "offline",
  "auth",
  "sandbox",
  "network",
  "cage",
  "deny",
  "allow",
  "private",
  "readonly",
];

type Schema = {
  properties?: Record<string, Schema>;
  additionalProperties?: Schema | boolean;
  anyOf?: Schema[];
  allOf?: Schema[];
  items?: Schema;
};

export function dropUnknown(draft: Draft, settings: readonly Setting[], faults: Finding[]): void {
  const known = settings.map(({ key }) => key);
  for (const { key, path, value } of draft.entries("")) {
    const setting = settings.find((setting) => setting.key === key);
    if (!setting) report(draft, { path, key, known, restricts: false }, faults);
    else
      walk(draft, path, value, { schema: toSchema(setting), restricts: setting.restricts, faults });
  }
}

type Walk = { schema: Schema; restricts: boolean; faults: Finding[] };

function walk(
  draft: Draft,
  path: string,
  value: unknown,
  { schema, restricts, faults }: Walk,
): void {
  if (!isObject(value)) return;
  const { properties, rest } = shape(schema);
  if (!properties && rest === undefined) return; // the schema will say what it wants instead of an object
  for (const [key, child] of Object.entries(value)) {
    const at = join(path, key);
    const own = properties && Object.hasOwn(properties, key) ? properties[key] : undefined;
    const next = own ?? (isObject(rest) ? (rest as Schema) : undefined);
    if (next) walk(draft, at, child, { schema: next, restricts, faults });
    else if (rest !== true)
      report(draft, { path: at, key, known: Object.keys(properties ?? {}), restricts }, faults);
  }
}

/** What an object may hold, whichever branch of a union it takes. */
function shape(schema: Schema): { properties?: Record<string, Schema>; rest?: Schema | boolean } {
  const branches = [schema, ...(schema.anyOf ?? []), ...(schema.allOf ?? [])];
  const properties = Object.assign({}, ...branches.map((branch) => branch.properties ?? {}));
  const rest = branches
    .map((branch) => branch.additionalProperties)
    .find((rest) => rest !== undefined && rest !== false);
  const open = rest !== undefined && isObject(rest) && Object.keys(rest).length === 0 ? true : rest;
  return {
    ...(branches.some((branch) => branch.properties) && { properties }),
    ...(open !== undefined && { rest: open }),
  };
}

type Unknown = { path: string; key: string; known: string[]; restricts: boolean };

function report(draft: Draft, { path, key, known, restricts }: Unknown, faults: Finding[]): void {
  const why = whyElsewhere(path);
  if (why !== undefined) return draft.drop(path, `not used: ${why}`);
  const near = nearest(key, known);
  const meant = RESTRICTING.find(
    (word) => editDistance(key.toLowerCase(), word) <= Math.floor(word.length / 3),
  );
  const shown = unescape(path);
  if (restricts || meant) {
    const suggestion = near ?? (meant && known.includes(meant) ? meant : undefined);
    const fault = new Fault("CONFIG_UNKNOWN_KEY", {
      path: shown,
      ...(suggestion && { nearest: suggestion }),
    });
    faults.push({ path: shown, fault });
  } else {
    draft.note(path, near ? `not known, left out; did you mean "${near}"?` : "not known, left out");
  }
  draft.drop(path);
}

/** Values that JSON Schema cannot say (transforms, dates) stand as "anything": only keys matter here. */
const toSchema = ({ schema }: Setting): Schema =>
  z.toJSONSchema(schema, { io: "input", unrepresentable: "any" }) as Schema;
