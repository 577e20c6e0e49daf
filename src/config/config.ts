/**
 * Reads a config: text, then dialects, then the environment, then each room's schema. Pure but for the
 * secrets it is told to fetch; the file is input and is never written here.
 */

import type { z } from "zod";

import { Fault, type FaultReport } from "../base/fault.ts";
import type { Setting } from "../protocol/setting.ts";
import { Draft, type Finding, type Note } from "./draft.ts";
import { applyEnvironment, type Environment } from "./environment.ts";
import { isObject, join, type Place, readJson5, unescape } from "./read.ts";
import { fillSecrets, strikeSecrets } from "./secrets.ts";
import { translateAgents } from "./translate-agents.ts";
import { listById } from "./lists-by-id.ts";
import { tellCloud } from "./tell-cloud.ts";
import { takeVariables } from "./translate-keys.ts";
import { translateModels } from "./translate-models.ts";
import { translateRestrictions } from "./translate-restrictions.ts";
import { dropUnknown } from "./unknown.ts";

export type ConfigSource = {
  /** The file's name for messages, and its text; undefined where there is no file. */
  file: { name: string; text: string } | undefined;
  env: Environment;
  /** `$ISOPOD_HOME/secrets` */
  secretsFolder: string;
  settings: readonly Setting[];
};

/** As `isopod config check --json` prints it. */
export type ConfigReport = {
  ok: boolean;
  notes: Note[];
  faults: (FaultReport & { path: string })[];
  /** Every value in force, by path of the settings; secrets are struck out. */
  effective: Record<string, unknown>;
};

export interface Config {
  readonly report: ConfigReport;
  /** A room's slice, with defaults. Throws the first fault of a config that is not well. */
  get<S extends z.ZodType>(setting: Setting<S>): z.output<S>;
  /** Where the value at a path came from: "default", "$NAME", or "file:line". */
  origin(path: string): string;
  /** Keys that the file itself sets as variables, for known servers. The environment's own win. */
  readonly variables: Readonly<Record<string, string>>;
}

export function parseConfig(source: ConfigSource): Config {
  const faults: Finding[] = [];
  const name = source.file?.name ?? "isopod.json";
  const parsed = catching(faults, () => readJson5(source.file?.text ?? "", name));
  const draft = new Draft(parsed?.value ?? {});
  for (const repair of parsed?.repairs ?? []) draft.note(name, repair);
  const variables = takeVariables(draft);
  const env = { ...variables, ...source.env };
  listById(draft);
  translateRestrictions(draft, faults);
  translateAgents(draft, env);
  translateModels(draft, { env, faults });
  tellCloud(draft);
  applyEnvironment(draft, source.env);
  dropUnknown(draft, source.settings, faults);

  const from = { env, folder: source.secretsFolder };
  const filled = fillSecrets(draft.value, from, faults);
  const values = parseSettings(isObject(filled) ? filled : {}, draft.value, source.settings, {
    faults,
    origins: draft.origins,
  });
  const first = faults[0]?.fault;

  return {
    report: {
      ok: !first,
      notes: draft.notes.map(({ path, message }) => ({ path: unescape(path), message })),
      faults: faults.map(({ path, fault }) => ({ path, ...fault.toJSON() })),
      effective: strike(values, draft.value),
    },
    get(setting) {
      if (first) throw first;
      return values.get(setting.key) as z.output<typeof setting.schema>; // parsed by this very schema
    },
    origin: (path) => origin(path, draft, parsed?.places ?? new Map(), name),
    // Nothing but keys: an address, or a wider mode, is not to be set in passing.
    variables: Object.fromEntries(
      Object.entries(variables).filter(([name]) => /_(KEY|TOKEN)$/.test(name)),
    ),
  };
}

function parseSettings(
  value: Record<string, unknown>,
  written: Record<string, unknown>,
  settings: readonly Setting[],
  { faults, origins }: { faults: Finding[]; origins: ReadonlyMap<string, string> },
) {
  const values = new Map<string, unknown>();
  for (const { key, schema } of settings) {
    const result = schema.safeParse(value[key]);
    if (result.success) {
      values.set(key, result.data);
      continue;
    }
    for (const issue of result.error.issues) {
      const shown = strikeSecrets(value[key], key, written[key]);
      faults.push(toFinding(key, shown, issue, origins));
    }
  }
  return values;
}

/** `value` has its secrets struck out: what is wrong with it is printed. */
function toFinding(
  key: string,
  value: unknown,
  issue: z.core.$ZodIssue,
  origins: ReadonlyMap<string, string>,
): Finding {
  const keys = [key, ...issue.path.map((part) => String(part))];
  const found = issue.path.reduce<unknown>(
    (at, part) => (isObject(at) || Array.isArray(at) ? Object(at)[part] : undefined),
    value,
  );
  const at = keys.reduce((path, part) => join(path, part), "");
  const path = unescape(at);
  const origin = origins.get(at);
  const setBy = origin?.startsWith("$") ? origin : undefined; // others are earlier spellings of the path
  const fault = new Fault("CONFIG_VALUE", {
    path,
    found: found === undefined ? "nothing" : (JSON.stringify(found) ?? String(found)),
    allowed: allowed(issue),
    ...(setBy !== undefined && { setBy }),
  });
  return { path, fault };
}

/** What would be right, in words that follow "must be". */
function allowed(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case "invalid_type":
      return ARTICLES[issue.expected] ?? issue.expected;
    case "invalid_value":
      return issue.values.map((value) => JSON.stringify(value)).join(" or ");
    case "too_small":
      return `at least ${issue.minimum}`;
    case "too_big":
      return `at most ${issue.maximum}`;
    case "invalid_union":
      if (issue.message !== "Invalid input") return issue.message;
      return (
        issue.errors
          .map((branch) => (branch[0] ? allowed(branch[0]) : ""))
          .filter((words, i, all) => words !== "" && all.indexOf(words) === i)
          .join(" or ") || "one of the documented forms"
      );
    default:
      return issue.message.charAt(0).toLowerCase() + issue.message.slice(1);
  }
}

const ARTICLES: Record<string, string> = {
  string: "a text in quotes",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
  object: "an object: { … }",
  record: "an object: { … }",
  array: "a list: [ … ]",
};

function strike(
  values: ReadonlyMap<string, unknown>,
  written: Record<string, unknown>,
): Record<string, unknown> {
  return Object.fromEntries(
    Array.from(values, ([key, value]) => [key, strikeSecrets(value, key, written[key])]),
  );
}

function origin(
  path: string,
  draft: Draft,
  places: ReadonlyMap<string, Place>,
  name: string,
): string {
  for (let at = path; at; at = at.slice(0, Math.max(0, at.lastIndexOf(".")))) {
    const from = draft.origins.get(at);
    if (from?.startsWith("$")) return from;
    if (draft.get(path) === undefined) break;
    const rest = path.slice(at.length);
    const place = places.get((from ?? at) + rest) ?? (from ? places.get(from) : places.get(path));
    if (place) return `${name}:${place.line}`;
  }
  return "default";
}

function catching<T>(faults: Finding[], work: () => T): T | undefined {
  try {
    return work();
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    faults.push({ path: "", fault: error });
    return undefined;
  }
}
