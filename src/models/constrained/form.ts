/** The form that an answer is forced into, and how a model is told of it. Pure. */

import { isRecord } from "../../base/json.ts";
import type { ToolSpec } from "../../protocol/message.ts";
import type { ChatRequest } from "../provider.ts";

/**
 * One schema over all that was offered: a call of one tool with an input that fits it, or an answer. The
 * name of the tool comes first, so that a grammar knows which input may follow.
 */
export function formOf(
  tools: readonly ToolSpec[],
  choice: NonNullable<ChatRequest["toolChoice"]>,
): object {
  const calls = tools.map(({ name, schema }) =>
    closed({ tool: { const: name }, input: { additionalProperties: false, ...schema } }),
  );
  const answer = closed({ answer: { type: "string" } });
  if (choice === "none") return answer;
  return { anyOf: choice === "required" ? calls : [...calls, answer] };
}

const closed = (properties: object) => ({
  type: "object",
  properties,
  required: Object.keys(properties),
  additionalProperties: false,
});

/** What the tools may take in a prompt, about 1,500 tokens: a longer list makes small models forget the task. */
const MAX_TOOLS_BYTES = 6_000;

/** As much of each tool as fits: first all of it, then without what parameters mean, then the forms alone. */
export function toInstructions(tools: readonly ToolSpec[]): string {
  const lists = DETAILS.map((detail) => tools.map((tool) => toLine(tool, detail)).join("\n"));
  const list = lists.find((text) => Buffer.byteLength(text) <= MAX_TOOLS_BYTES) ?? lists.at(-1);
  return `${RULES}\n\nThe tools, each with the form of its input:\n${list}`;
}

const RULES = `How to answer: write one JSON object and nothing else. It has one of two forms.
To call a tool: {"tool": "its name", "input": {…}}
To answer the user: {"answer": "your words"}
The result of a call comes in the next message. Never write a result yourself.`;

type Detail = { description: boolean; meanings: boolean };
const DETAILS: readonly Detail[] = [
  { description: true, meanings: true },
  { description: true, meanings: false },
  { description: false, meanings: false },
];

function toLine({ name, description, schema }: ToolSpec, detail: Detail): string {
  const form = `- ${name} ${toForm(schema, detail.meanings)}`;
  return detail.description ? `${form} ${description.replaceAll(/\s+/g, " ")}` : form;
}

/** Deeper than this a schema is for machines; the grammar knows it all the same. */
const MAX_DEPTH = 3;

/** Such as `{"path": string, "from"?: integer (first line, from 1)}`. */
function toForm(schema: unknown, meanings: boolean, depth = 0): string {
  if (!isRecord(schema)) return "any";
  const { type, properties, items } = schema;
  if ("const" in schema) return JSON.stringify(schema["const"]);
  if (Array.isArray(schema["enum"])) return schema["enum"].map(toJson).join(" | ");
  const choices = schema["anyOf"] ?? schema["oneOf"];
  if (Array.isArray(choices)) {
    return choices.map((choice) => toForm(choice, meanings, depth + 1)).join(" | ");
  }
  if (isRecord(properties) && depth < MAX_DEPTH) {
    const required = Array.isArray(schema["required"]) ? schema["required"] : [];
    const fields = Object.entries(properties).map(([key, property]) => {
      const mark = required.includes(key) ? "" : "?";
      const form = toForm(property, meanings, depth + 1);
      return `${JSON.stringify(key)}${mark}: ${form}${meanings ? meaningOf(property) : ""}`;
    });
    return `{${fields.join(", ")}}`;
  }
  if (type === "array") return `[${toForm(items, meanings, depth + 1)}, …]`;
  return typeof type === "string" ? type : "any";
}

const meaningOf = (property: unknown): string => {
  const text = isRecord(property) ? property["description"] : undefined;
  return typeof text === "string" && text !== "" ? ` (${text.replaceAll(/\s+/g, " ")})` : "";
};

const toJson = (value: unknown) => JSON.stringify(value);
