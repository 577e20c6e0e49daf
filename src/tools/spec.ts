/** A tool as a model is shown it, and what a model sends as the tool takes it. */

import { z } from "zod";

import { Fault } from "../base/fault.ts";
import { isTooDeep, MAX_JSON_DEPTH } from "../base/json.ts";
import type { ToolSpec } from "../protocol/message.ts";
import type { Tool } from "./tool.ts";

/** Keywords that tell a model nothing: they cost tokens, and trip the grammars of some servers. */
const NOISE = ["$schema", "additionalProperties", "default"];

/** The schema is as small as it can be: every request carries it. */
export function toSpec({ name, description, input }: Tool): ToolSpec {
  const schema = z.toJSONSchema(input, {
    io: "input",
    override: ({ jsonSchema }) => {
      for (const key of NOISE) Reflect.deleteProperty(jsonSchema, key);
      if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
      if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum;
    },
  });
  delete schema.$schema; // written after `override`
  return { name, description, schema };
}

/**
 * The input of a call from its JSON text. Throws `TOOL_ARGUMENTS_WRONG`, whose message says to a model
 * what is wrong and whose fix shows the form. `restore` undoes the neutralisation of hostile text.
 */
export function parseArguments<Input>(
  tool: Tool<Input>,
  argumentsJson: string,
  restore: (text: string) => string = (text) => text,
): Input {
  const wrong = (detail: string, cause?: unknown) =>
    new Fault(
      "TOOL_ARGUMENTS_WRONG",
      { tool: tool.name, detail, expected: expectedForm(tool) },
      { cause },
    );
  const value = restoreAll(parseJson(argumentsJson, wrong), restore);
  const parsed = tool.input.safeParse(value);
  if (parsed.success) return parsed.data;
  throw wrong(parsed.error.issues.slice(0, MAX_ISSUES).map(describe).join("; "), parsed.error);
}

/** A model mends one or two mistakes at a time. */
const MAX_ISSUES = 3;

type Wrong = (detail: string, cause?: unknown) => Fault;

/** No text counts as no arguments, as several servers send it; some encode twice. */
function parseJson(json: string, wrong: Wrong): unknown {
  if (json.trim() === "") return {};
  const value = parseShallow(json, wrong);
  const isTwice = typeof value === "string" && value.trimStart().startsWith("{");
  return isTwice ? parseShallow(value, wrong) : value;
}

function parseShallow(json: string, wrong: Wrong): unknown {
  if (isTooDeep(json)) throw wrong(`the arguments nest deeper than ${MAX_JSON_DEPTH} levels`);
  try {
    return JSON.parse(json);
  } catch (cause) {
    throw wrong("the arguments are not valid JSON", cause);
  }
}

function restoreAll(value: unknown, restore: (text: string) => string): unknown {
  if (typeof value === "string") return restore(value);
  if (Array.isArray(value)) return value.map((one) => restoreAll(one, restore));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, one]) => [key, restoreAll(one, restore)]),
  );
}

function describe({ path, message, code, ...issue }: z.core.$ZodIssue): string {
  const field = path.join(".");
  if (!field) return "the arguments are not a JSON object";
  if (code === "invalid_type" && !("input" in issue && issue.input !== undefined)) {
    if (message.endsWith("received undefined")) return `"${field}" is missing`;
  }
  return `"${field}": ${message}`;
}

/** Such as `{"path": string, "from"?: integer}`. */
function expectedForm(tool: Tool): string {
  const { properties = {}, required = [] } = toSpec(tool).schema as Form;
  const fields = Object.entries(properties).map(
    ([name, { type = "any" }]) => `"${name}"${required.includes(name) ? "" : "?"}: ${type}`,
  );
  return `{${fields.join(", ")}}`;
}

/** What `z.toJSONSchema` writes for an object. */
type Form = { properties?: Record<string, { type?: string }>; required?: string[] };
