/**
 * The body of `/v1/chat/completions`, written as text: each message is encoded once and stays the same
 * bytes for as long as it is sent.
 */

import type { Message, ToolCall, ToolSpec } from "../protocol/message.ts";
import { fitToolSchema } from "./compat/tool-schema.ts";
import { extraOf, toChatFields } from "./params/fields.ts";
import type { Quirks } from "./presets.ts";
import type { ChatRequest } from "./provider.ts";
import { encodeOnce, toReplayedArguments, toResultText, toUserText } from "./replay.ts";
import type { Compat } from "./settings.ts";
import { toDataUrl, withImageLines } from "./sight.ts";

export type OpenAiEncoder = (request: ChatRequest) => string;

/** For one model: how it differs is the same for all its requests. */
export function createOpenAiEncoder(quirks: Quirks, compat: Compat): OpenAiEncoder {
  const toMessage = encodeOnce((message: Message) => encodeMessage(message, quirks, compat));
  const toTools = encodeOnce((tools: readonly ToolSpec[]) =>
    JSON.stringify(tools.map((tool) => toTool(tool, compat))),
  );

  return (request) => {
    const messages = request.messages.flatMap((message, at) =>
      compat.requiresAssistantAfterToolResult && isAfterResult(request.messages, at)
        ? [AFTER_RESULT, toMessage(message)]
        : toMessage(message),
    );
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

/** Templates that want an answer between a result and a question end the chat without one. */
const AFTER_RESULT = JSON.stringify({ role: "assistant", content: "I have read the result." });

const isAfterResult = (messages: readonly Message[], at: number) =>
  messages[at]?.role === "user" && messages[at - 1]?.role === "tool";

function encodeMessage(message: Message, quirks: Quirks, compat: Compat): string {
  if (compat.strictMessageKeys) return encodeStrictly(message);
  switch (message.role) {
    case "user":
      return JSON.stringify({ role: "user", content: toContent(message, compat) });
    case "tool":
      return JSON.stringify({
        role: "tool",
        tool_call_id: message.callId,
        ...(compat.requiresToolResultName && { name: message.tool }),
        // A result is text here; no server of this dialect takes an image in it.
        content: toResultText(withImageLines(message.text, message.images)),
      });
    case "assistant": {
      const { text, reasoning, toolCalls } = message;
      const thinks = compat.requiresReasoningContentOnAssistantMessages ?? quirks.takesReasoning;
      const said =
        reasoning && compat.requiresThinkingAsText ? `<think>${reasoning}</think>\n${text}` : text;
      const strings = compat.requiresStringContent ?? quirks.refusesNullContent;
      const head = JSON.stringify({
        role: "assistant",
        // Null is what the protocol has beside calls; servers that want a string get one.
        content: said || (toolCalls.length > 0 && !strings ? null : said),
        ...(reasoning && thinks && { reasoning_content: reasoning }),
      });
      if (toolCalls.length === 0) return head;
      const calls = toolCalls.map((call) => encodeCall(call, compat)).join(",");
      return `${head.slice(0, -1)},"tool_calls":[${calls}]}`;
    }
  }
}

/** Text alone is a string, as every server takes it; with images it is a list of parts. */
function toContent(message: Extract<Message, { role: "user" }>, compat: Compat) {
  const { images = [] } = message;
  const text = toUserText(message);
  if (images.length === 0) return text;
  if (compat.requiresStringContent) return withImageLines(text, images);
  const parts = images.map((image) => ({
    type: "image_url",
    image_url: { url: toDataUrl(image) },
  }));
  return text === "" ? parts : [...parts, { type: "text", text }];
}

/** For servers that refuse any key but `role` and `content`: calls and results become text. */
function encodeStrictly(message: Message): string {
  switch (message.role) {
    case "user":
      return JSON.stringify({
        role: "user",
        content: withImageLines(toUserText(message), message.images),
      });
    case "tool":
      return JSON.stringify({
        role: "user",
        content: `Result of ${message.tool}:\n${toResultText(withImageLines(message.text, message.images))}`,
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

/** Mostly the arguments are a string, so their bytes survive inside it; a server that wants the object gets them as they are. */
function encodeCall(call: ToolCall, compat: Compat): string {
  const json = toReplayedArguments(call);
  const text = compat.toolCallArgumentsEncoding === "object" ? json : JSON.stringify(json);
  const id = JSON.stringify(call.id);
  return `{"id":${id},"type":"function","function":{"name":${JSON.stringify(call.tool)},"arguments":${text}}}`;
}

const toTool = ({ name, description, schema }: ToolSpec, compat: Compat) => ({
  type: "function",
  function: { name, description, parameters: fitToolSchema(schema, compat) },
});

function toParams(request: ChatRequest, quirks: Quirks, compat: Compat): object {
  const { params, contextTokens, maxTokens, toolChoice, tools, format } = request;
  const choice = toolChoice && toolChoice !== "auto" ? toolChoice : compat.tool_choice;
  const counts = compat.supportsUsageInStreaming ?? true;
  return {
    ...toChatFields(params, compat, quirks.renames),
    ...(format && { response_format: toResponseFormat(format) }),
    ...(maxTokens !== undefined && {
      [compat.maxTokensField ?? quirks.maxTokensField ?? "max_tokens"]: maxTokens,
    }),
    // "auto" is what every server does without it, and some refuse the key.
    ...(tools.length > 0 && choice && choice !== "auto" && { tool_choice: choice }),
    ...(quirks.numCtx === "top-level" && { num_ctx: contextTokens }),
    ...(quirks.reportsProgress && { return_progress: true }),
    ...(counts && { stream_options: { include_usage: true } }),
    ...extraOf(params),
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
