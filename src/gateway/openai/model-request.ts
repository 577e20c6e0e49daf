/** A client's request as the routed model gets it, with the client's own tools. Pure. */

import type { Candidate } from "../../models/candidate.ts";
import { neutralise } from "../../models/hostile.ts";
import type { ChatRequest } from "../../models/provider.ts";
import type { ToolSpec } from "../../protocol/message.ts";
import { invalid, toMessages, toSystem } from "./conversation.ts";
import type { ChatCompletion, WireTool } from "./wire.ts";

/** `person` is whose it is, for the books. */
export function toModelRequest(
  chat: ChatCompletion,
  candidate: Candidate,
  person: string,
): ChatRequest {
  const maxTokens = chat.max_completion_tokens ?? chat.max_tokens ?? candidate.maxTokens;
  const { tools, toolChoice } = toToolChoice(chat);
  const format = tools.length === 0 ? schemaOf(chat) : undefined;
  return {
    model: candidate.model.id,
    system: toSystem(chat.messages),
    tools,
    messages: toMessages(chat.messages),
    contextTokens: candidate.contextTokens,
    params: { ...candidate.params, ...toParams(chat, candidate, format) },
    priority: "api",
    person,
    ...(maxTokens === undefined ? {} : { maxTokens }),
    ...(toolChoice === undefined ? {} : { toolChoice }),
    ...(format === undefined ? {} : { format }),
  };
}

const SAMPLING = [
  "temperature",
  "top_p",
  "frequency_penalty",
  "presence_penalty",
  "seed",
  "parallel_tool_calls",
] as const;

/** By the names of both dialects where they differ: each takes the ones that it knows. */
function toParams(
  chat: ChatCompletion,
  { model }: Candidate,
  format: object | undefined,
): Record<string, unknown> {
  const params: Record<string, unknown> = {};
  for (const key of SAMPLING) if (chat[key] != null) params[key] = chat[key];
  const { stop, reasoning_effort: effort } = chat;
  if (stop != null) params["stop"] = typeof stop === "string" ? [stop] : stop;
  // A server may refuse to let a model think that cannot.
  if (effort != null && model.reasoning !== false) params["think"] = effort;
  return format ? params : { ...params, ...toFormat(chat) };
}

/** The schema that an answer is to have: every dialect has its own way to force it. */
const schemaOf = ({ response_format: format }: ChatCompletion): object | undefined =>
  format?.type === "json_schema" ? format.json_schema?.schema : undefined;

/** What a dialect has no field of its own for goes to the servers that take it. */
function toFormat(chat: ChatCompletion): Record<string, unknown> {
  const { response_format: format } = chat;
  if (format == null || format.type === "text") return {};
  const own = format.type === "json_object" ? "json" : schemaOf(chat);
  return { response_format: format, ...(own !== undefined && { format: own }) };
}

/** One named function is asked for by offering it alone: dialects know "required", not all know a name. */
function toToolChoice(chat: ChatCompletion): Pick<ChatRequest, "tools" | "toolChoice"> {
  const tools = (chat.tools ?? []).map(toSpec);
  const choice = chat.tool_choice;
  if (choice == null || tools.length === 0) return { tools };
  if (typeof choice === "string") return { tools, toolChoice: choice };
  const [names, toolChoice] = allowedBy(choice);
  const named = tools.filter((tool) => names.includes(tool.name));
  if (named.length === 0) throw invalid("tool_choice", "must name one of the tools");
  return { tools: named, toolChoice };
}

type Named = Exclude<NonNullable<ChatCompletion["tool_choice"]>, string>;

function allowedBy(choice: Named): [names: string[], choice: "auto" | "required"] {
  if (choice.type === "function") return [[choice.function.name], "required"];
  const { mode, tools } = choice.allowed_tools;
  return [tools.map((tool) => tool.function.name), mode];
}

const toSpec = ({ function: { name, description, parameters } }: WireTool): ToolSpec => ({
  name,
  description: neutralise(description),
  schema: parameters,
});
