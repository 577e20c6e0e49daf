/**
 * Runtime parameters as each dialect sends them. Pure. A value that is not what it must be is not sent:
 * the config was refused for it, and a client of `/v1` gets the server's default.
 */

import { isRecord } from "../../base/json.ts";
import type { Compat } from "../settings.ts";
import { nameOf } from "./names.ts";
import { PARAMS, type Row, rowOf } from "./table.ts";
import { EFFORTS, fit, type Think, toThink } from "./values.ts";

export type Params = Readonly<Record<string, unknown>>;
type Fields = Record<string, unknown>;

/** Under the names of the table, and only what fits. A parameter's own name wins over another spelling. */
export function readParams(params: Params = {}): Fields {
  const read: Fields = {};
  const written = Object.entries(params);
  const ownLast = written.toSorted(
    ([a], [b]) => Number(Object.hasOwn(PARAMS, a)) - Number(Object.hasOwn(PARAMS, b)),
  );
  for (const [written, value] of ownLast) {
    const name = nameOf(written);
    const row = rowOf(name);
    const fitting = row && fit(value, row.kind);
    if (fitting !== undefined) read[name] = fitting;
  }
  return read;
}

/** The limit on an answer that `num_predict` or one of its other names sets; none for -1, which is no limit. */
export function outputLimit(params: Params | undefined): number | undefined {
  const limit = readParams(params)["num_predict"];
  return typeof limit === "number" && limit > 0 ? limit : undefined;
}

/** Ollama: most go under `options`, a few stand beside it. `num_ctx` is the caller's to set. */
export function toOllamaFields(params: Params | undefined): { options: Fields; top: Fields } {
  const read = readParams(params);
  const think = toThink(read["think"]);
  return {
    options: pick(read, (row, name) => (row.ollama === "options" ? name : undefined)),
    top: {
      ...pick(read, (row, name) => (row.ollama === "top" ? name : undefined)),
      ...(think !== undefined && { think: toOllamaThink(think) }),
    },
  };
}

/** Ollama has three degrees, and "max" for models that know it. */
function toOllamaThink(think: Think): boolean | string {
  if (think === "minimal") return "low";
  return think === "xhigh" ? "max" : think;
}

/** `/v1/chat/completions`. `renames` are names that one product has for a field. */
export function toChatFields(
  params: Params | undefined,
  compat: Compat,
  renames: Readonly<Record<string, string>> = {},
): Fields {
  const read = readParams(params);
  const fields = pick(read, ({ chat }) => chat && (renames[chat] ?? chat));
  if (compat.supportsTemperature === false) delete fields["temperature"];
  if (compat.supportsReasoningEffort === false) delete fields["reasoning_effort"];
  return withThinking(fields, toThink(read["think"]), compat);
}

/** OpenAI's Responses API takes few of them and refuses the rest. */
export function toResponsesFields(params: Params | undefined, compat: Compat = {}): Fields {
  const read = readParams(params);
  const fields = pick(read, ({ responses }) => responses);
  if (compat.supportsTemperature === false) delete fields["temperature"];
  const effort = read["reasoning_effort"] ?? effortOf(toThink(read["think"]), compat);
  const takes = effort !== undefined && compat.supportsReasoningEffort !== false;
  return { ...fields, ...(takes && { reasoning: { effort } }) };
}

/** Anthropic's Messages API; how hard it thinks is the dialect's, for it costs of the answer's limit. */
export function toMessagesFields(params: Params | undefined, compat: Compat = {}): Fields {
  const read = readParams(params);
  const fields = pick(read, ({ messages }) => messages);
  if (typeof fields["stop_sequences"] === "string") {
    fields["stop_sequences"] = [fields["stop_sequences"]];
  }
  if (compat.supportsTemperature === false) delete fields["temperature"];
  return fields;
}

/** What no parameter has a name for. It comes last in a body, and wins. */
export function extraOf(params: Params | undefined): Fields {
  const extra = readParams(params)["extra_body"];
  return isRecord(extra) ? extra : {};
}

/** Whether it shall think, where somebody said. */
export const thinkOf = (params: Params | undefined): Think | undefined =>
  toThink(readParams(params)["think"]);

function pick(read: Fields, fieldOf: (row: Row, name: string) => string | undefined): Fields {
  const fields: Fields = {};
  for (const [name, value] of Object.entries(read)) {
    const row = rowOf(name);
    const field = row && fieldOf(row, name);
    if (field) fields[field] = value;
  }
  return fields;
}

/** Servers of this dialect agree on nothing here: `compat.thinkingFormat` says which way is this one's. */
function withThinking(fields: Fields, think: Think | undefined, compat: Compat): Fields {
  if (think === undefined) return fields;
  switch (compat.thinkingFormat) {
    case "qwen":
      return { enable_thinking: think !== false, ...fields };
    case "qwen-chat-template": {
      const given = fields["chat_template_kwargs"];
      const kwargs = { enable_thinking: think !== false, ...(isRecord(given) && given) };
      return { ...fields, chat_template_kwargs: kwargs };
    }
    case "deepseek":
      return {
        thinking: { type: think === false ? "disabled" : "enabled" },
        ...withEffort(fields, think, compat),
      };
    case "openrouter":
    case "together": {
      const effort = effortOf(think, compat);
      return {
        reasoning: effort === undefined ? { enabled: think !== false } : { effort },
        ...fields,
      };
    }
    default:
      return withEffort(fields, think, compat);
  }
}

function withEffort(fields: Fields, think: Think, compat: Compat): Fields {
  const effort = effortOf(think, compat);
  if (effort === undefined || compat.supportsReasoningEffort === false) return fields;
  return { reasoning_effort: effort, ...fields };
}

/** The server's own word for how hard. That it shall think at all says nothing of it. */
function effortOf(think: Think | undefined, compat: Compat): string | undefined {
  if (think === undefined || typeof think === "boolean") return undefined;
  const { reasoningEffortMap = {}, supportedReasoningEfforts: known } = compat;
  const word = Object.hasOwn(reasoningEffortMap, think) ? reasoningEffortMap[think] : think;
  if (!known || word === undefined || known.includes(word)) return word;
  const [least] = known;
  const isLess = EFFORTS.indexOf(think) < EFFORTS.findIndex((effort) => effort === least);
  return isLess ? least : known.at(-1);
}
