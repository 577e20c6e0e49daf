/**
 * The body of `/v1/chat/completions`, written as text: each message is encoded once and stays the same
 * bytes for as long as it is sent.
 */

import { isRecord } from "../base/json.ts";
import type { Message, ToolCall, ToolSpec } from "../protocol/message.ts";
import type { Quirks } from "./presets.ts";
import type { ChatRequest } from "./provider.ts";
import { encodeOnce, toReplayedArguments, toResultText, toUserText } from "./replay.ts";
import type { Compat } from "./settings.ts";

/** What the servers of the presets take; names that only Ollama knows would be refused by strict ones. */
const PARAMS = new Set(
  `temperature top_p top_k min_p typical_p seed stop presence_penalty frequency_penalty repeat_penalty
  repetition_penalty logit_bias response_format reasoning_effort chat_template_kwargs n_probs
  parallel_tool_calls cache_prompt id_slot ttl`.split(/\s+/),
);

export type OpenAiEncoder = (request: ChatRequest) => string;

/** For one model: how it differs is the same for all its requests. */
export function createOpenAiEncoder(quirks: Quirks, compat: Compat): OpenAiEncoder {
  const toMessage = encodeOnce((message: Message) => encodeMessage(message, quirks, compat));
  const toTools = encodeOnce((tools: readonly ToolSpec[]) => JSON.stringify(tools.map(toTool)));

  return (request) => {
    const messages = request.messages.map(toMessage);
    if (request.system) {
      messages.unshift(`{"role":"system","content":${JSON.stringify(request.system)}}`);
    }
    const head = JSON.stringify({
      ...toParams(request, quirks, compat),
      // What carries the chat itself comes last: `extra_body` cannot replace it.
      model: request.model,
      stream: true,
      messages: undefined,
      tools: undefined,
    });
    const tools = request.tools.length > 0 ? `,"tools":${toTools(request.tools)}` : "";
    return `${head.slice(0, -1)}${tools},"messages":[${messages.join(",")}]}`;
  };
}

function encodeMessage(message: Message, quirks: Quirks, compat: Compat): string {
  if (compat.strictMessageKeys) return encodeStrictly(message);
  switch (message.role) {
    case "user":
      return JSON.stringify({ role: "user", content: toUserText(message) });
    case "tool":
      return JSON.stringify({
        role: "tool",
        tool_call_id: message.callId,
        content: toResultText(message.text),
      });
    case "assistant": {
      const { text, reasoning, toolCalls } = message;
      const thinks = compat.requiresReasoningContentOnAssistantMessages ?? quirks.takesReasoning;
      return JSON.stringify({
        role: "assistant",
        // Null is what the protocol has beside calls; servers that want a string get one.
        content: text || (toolCalls.length > 0 && !compat.requiresStringContent ? null : text),
        ...(reasoning && thinks && { reasoning_content: reasoning }),
        ...(toolCalls.length > 0 && { tool_calls: toolCalls.map(toCall) }),
      });
    }
  }
}

/** For servers that refuse any key but `role` and `content`: calls and results become text. */
function encodeStrictly(message: Message): string {
  switch (message.role) {
    case "user":
      return JSON.stringify({ role: "user", content: toUserText(message) });
    case "tool":
      return JSON.stringify({
        role: "user",
        content: `Result of ${message.tool}:\n${toResultText(message.text)}`,
      });
    case "assistant": {
      const calls = message.toolCalls.map(
        (call) =>
          `<tool_call>{"name":${JSON.stringify(call.tool)},"arguments":${toReplayedArguments(call)}}</tool_call>`,
      );
      const content = [message.text, ...calls].filter((part) => part !== "").join("\n");
      return JSON.stringify({ role: "assistant", content });
    }
  }
}

/** The arguments are a string here, so their bytes survive inside it. */
const toCall = (call: ToolCall) => ({
  id: call.id,
  type: "function",
  function: { name: call.tool, arguments: toReplayedArguments(call) },
});

const toTool = ({ name, description, schema }: ToolSpec) => ({
  type: "function",
  function: { name, description, parameters: schema },
});

function toParams(request: ChatRequest, quirks: Quirks, compat: Compat): object {
  const { params = {}, contextTokens, maxTokens, toolChoice, tools, format } = request;
  const kept = Object.entries(params).filter(([name]) => PARAMS.has(name));
  const choice = toolChoice && toolChoice !== "auto" ? toolChoice : compat.tool_choice;
  const extra = params["extra_body"];
  return {
    ...Object.fromEntries(kept),
    ...(format && { response_format: toResponseFormat(format) }),
    ...(maxTokens !== undefined && { [compat.maxTokensField ?? "max_tokens"]: maxTokens }),
    // "auto" is what every server does without it, and some refuse the key.
    ...(tools.length > 0 && choice && choice !== "auto" && { tool_choice: choice }),
    ...(quirks.numCtx === "top-level" && { num_ctx: contextTokens }),
    ...(quirks.reportsProgress && { return_progress: true }),
    ...(!quirks.noStreamOptions && { stream_options: { include_usage: true } }),
    ...(isRecord(extra) && extra),
  };
}

/**
 * As OpenAI names it; llama.cpp, vLLM, SGLang and LM Studio read the same. Not `strict`: OpenAI's strict
 * mode takes no choice between forms at the top, and the others force the schema without it.
 */
const toResponseFormat = (schema: object) => ({
  type: "json_schema",
  json_schema: { name: "answer", schema },
});
