/**
 * A client's messages as an agent's history, or as a model's request. Pure. Control tokens in a request's
 * text are made harmless here, also in the client's own: it may quote a file that nobody read.
 */

import { Fault } from "../../base/fault.ts";
import type { Candidate } from "../../models/candidate.ts";
import { neutralise, restore } from "../../models/hostile.ts";
import type { ChatRequest } from "../../models/provider.ts";
import type { Message, ToolSpec } from "../../protocol/message.ts";
import type { ChatCompletion, WireMessage, WireTool } from "./wire.ts";

export type History = { role: "user" | "assistant" | "system"; text: string }[];

/** Throws `REQUEST_INVALID` where a client expects what an agent does not do. */
export function toAgentHistory({ messages, tools }: ChatCompletion): History {
  if (tools && tools.length > 0) {
    throw invalid(
      "tools",
      'must be absent: an agent acts with its own; ask "provider/model" instead',
    );
  }
  const history = messages.map((message, index) => {
    if (message.role === "tool" || (message.role === "assistant" && message.tool_calls?.length)) {
      throw invalid(`messages.${index}`, "must be text: an agent makes its own tool calls");
    }
    const role = message.role === "developer" ? "system" : message.role;
    return { role, text: toText(message.content ?? "", `messages.${index}.content`) };
  });
  lastUserText(history);
  return history;
}

/** What a stored session is told: it knows what came before. */
export function lastUserText(history: History): string {
  const last = history.at(-1);
  if (last?.role !== "user" || last.text === "") {
    throw invalid("messages", "must end with a message of the user that says something");
  }
  return last.text;
}

/** The request as the routed model gets it, with the client's own tools. */
export function toModelRequest(chat: ChatCompletion, candidate: Candidate): ChatRequest {
  const maxTokens = chat.max_completion_tokens ?? chat.max_tokens ?? candidate.maxTokens;
  const choice = toToolChoice(chat);
  return {
    model: candidate.model.id,
    system: toSystem(chat.messages),
    tools: choice.tools,
    messages: toMessages(chat.messages),
    contextTokens: candidate.contextTokens,
    params: { ...candidate.params, ...toParams(chat) },
    priority: "api",
    ...(maxTokens === undefined ? {} : { maxTokens }),
    ...(choice.toolChoice === undefined ? {} : { toolChoice: choice.toolChoice }),
  };
}

const SAMPLING = [
  "temperature",
  "top_p",
  "frequency_penalty",
  "presence_penalty",
  "stop",
  "seed",
  "response_format",
] as const;

/** By the names of both dialects where they differ: each takes the ones that it knows. */
function toParams(chat: ChatCompletion): Record<string, unknown> {
  const params: Record<string, unknown> = {};
  for (const key of SAMPLING) if (chat[key] != null) params[key] = chat[key];
  if (typeof chat.stop === "string") params["stop"] = [chat.stop];
  const format = chat.response_format;
  if (format?.type === "json_object") params["format"] = "json";
  if (format?.type === "json_schema") params["format"] = format.json_schema?.schema;
  return params;
}

/** A dialect has one place for it, before everything else: later ones move there, in order. */
function toSystem(messages: readonly WireMessage[]): string {
  return messages
    .flatMap((message, index) =>
      message.role === "system" || message.role === "developer"
        ? [neutralise(toText(message.content, `messages.${index}.content`))]
        : [],
    )
    .join("\n\n");
}

function toMessages(messages: readonly WireMessage[]): Message[] {
  /** Which tool each call was for: a tool's message names the call only. */
  const toolOf = new Map<string, string>();
  return messages.flatMap((message, index): Message[] => {
    const where = `messages.${index}`;
    switch (message.role) {
      case "system":
      case "developer":
        return [];
      case "user":
        return [{ role: "user", text: neutralise(toText(message.content, `${where}.content`)) }];
      case "assistant": {
        const toolCalls = (message.tool_calls ?? []).map((call) => ({
          id: call.id,
          tool: call.function.name,
          argumentsJson: call.function.arguments,
        }));
        for (const call of toolCalls) toolOf.set(call.id, call.tool);
        const text = message.content == null ? "" : toText(message.content, `${where}.content`);
        const reasoning = message.reasoning_content;
        return [
          {
            role: "assistant",
            text: neutraliseOwn(text),
            toolCalls,
            ...(reasoning ? { reasoning: neutraliseOwn(reasoning) } : {}),
          },
        ];
      }
      case "tool": {
        const callId = message.tool_call_id;
        const tool = toolOf.get(callId);
        if (tool === undefined) {
          throw invalid(`${where}.tool_call_id`, "must be the id of an earlier tool call");
        }
        const text = neutralise(toText(message.content, `${where}.content`));
        return [{ role: "tool", callId, tool, text, ok: true }];
      }
    }
  });
}

/** One named function is asked for by offering it alone: dialects know "required", not all know a name. */
function toToolChoice(chat: ChatCompletion): Pick<ChatRequest, "tools" | "toolChoice"> {
  const tools = (chat.tools ?? []).map(toSpec);
  const choice = chat.tool_choice;
  if (choice == null || tools.length === 0) return { tools };
  if (typeof choice === "string") return { tools, toolChoice: choice };
  const named = tools.filter((tool) => tool.name === choice.function.name);
  if (named.length === 0) throw invalid("tool_choice", "must name one of the tools");
  return { tools: named, toolChoice: "required" };
}

const toSpec = ({ function: { name, description, parameters } }: WireTool): ToolSpec => ({
  name,
  description: neutralise(description),
  schema: parameters,
});

/** What a model wrote may hold neutral forms already. */
const neutraliseOwn = (text: string) => neutralise(restore(text));

type Content = Extract<WireMessage, { role: "user" }>["content"];

function toText(content: Content, where: string): string {
  if (typeof content === "string") return content;
  return content
    .map((part, index) => {
      if (part.type === "text" && part.text !== undefined) return part.text;
      throw invalid(`${where}.${index}`, `must be a part of type "text": others are not taken yet`);
    })
    .join("\n");
}

const invalid = (field: string, detail: string) =>
  new Fault("REQUEST_INVALID", { where: `field "${field}"`, detail });
