/**
 * The body of Ollama's `/api/chat`, written as text: arguments go in as the bytes they came as, and each
 * message is encoded once (docs/api.md and api/types.go of ollama/ollama).
 */

import type { ChatRequest } from "./provider.ts";
import type { Message, ToolCall, ToolSpec } from "../protocol/message.ts";
import { toOllamaFields } from "./params/fields.ts";
import { encodeOnce, toReplayedArguments, toResultText, toUserText } from "./replay.ts";

export function createOllamaEncoder(): (request: ChatRequest) => string {
  const toMessage = encodeOnce(encodeMessage);
  const toTools = encodeOnce((tools: readonly ToolSpec[]) => JSON.stringify(tools.map(toTool)));

  return (request) => {
    const messages = request.messages.map(toMessage);
    if (request.system) {
      messages.unshift(`{"role":"system","content":${JSON.stringify(request.system)}}`);
    }
    const tools = request.tools.length > 0 ? `,"tools":${toTools(request.tools)}` : "";
    const head = JSON.stringify({ model: request.model, stream: true, ...toParams(request) });
    return `${head.slice(0, -1)}${tools},"messages":[${messages.join(",")}]}`;
  };
}

function encodeMessage(message: Message): string {
  switch (message.role) {
    case "user":
      return JSON.stringify({
        role: "user",
        content: toUserText(message),
        ...(message.images?.length && { images: message.images.map(({ data }) => data) }),
      });
    case "tool":
      return JSON.stringify({
        role: "tool",
        content: toResultText(message.text),
        ...(message.images?.length && { images: message.images.map(({ data }) => data) }),
        tool_name: message.tool,
        tool_call_id: message.callId,
      });
    case "assistant": {
      const { text, reasoning, toolCalls } = message;
      const head = JSON.stringify({
        role: "assistant",
        content: text,
        ...(reasoning && { thinking: reasoning }),
      });
      if (toolCalls.length === 0) return head;
      return `${head.slice(0, -1)},"tool_calls":[${toolCalls.map(encodeCall).join(",")}]}`;
    }
  }
}

const encodeCall = (call: ToolCall) =>
  `{"id":${JSON.stringify(call.id)},"function":{"name":${JSON.stringify(call.tool)},"arguments":${toReplayedArguments(call)}}}`;

const toTool = ({ name, description, schema }: ToolSpec) => ({
  type: "function",
  function: { name, description, parameters: schema },
});

/**
 * An error in place of a prompt whose beginning is dropped, and an end of the answer in place of a
 * conversation whose middle is (Ollama 0.12; older ones pass over it).
 */
const REFUSES = { truncate: false, shift: false };

/** Beside the messages: what also decides how the model is loaded, so that a warm-up sends the same. */
export function toParams({
  params,
  contextTokens,
  maxTokens,
  format,
}: Pick<ChatRequest, "params" | "contextTokens" | "maxTokens" | "format">): object {
  const { options, top } = toOllamaFields(params);
  return {
    ...REFUSES,
    ...top,
    ...(format && { format }),
    options: {
      ...options,
      ...(maxTokens !== undefined && { num_predict: maxTokens }),
      // Always: without it Ollama takes a default and cuts a long chat from its start, without a word.
      num_ctx: contextTokens,
    },
  };
}
