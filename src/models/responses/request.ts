/**
 * The body of `/v1/responses`, written as text: each message is encoded once, into the items that it makes,
 * and these stay the same bytes for as long as they are sent
 * (https://platform.openai.com/docs/api-reference/responses/create).
 */

import type { Image, Message, SealedItem, ToolSpec } from "../../protocol/message.ts";
import { fitToolSchema } from "../compat/tool-schema.ts";
import { extraOf, toChatFields, toResponsesFields } from "../params/fields.ts";
import type { Quirks } from "../presets.ts";
import type { ChatRequest } from "../provider.ts";
import { encodeOnce, toReplayedArguments, toResultText, toUserText } from "../replay.ts";
import type { Compat } from "../settings.ts";
import { toDataUrl } from "../sight.ts";

export type ResponsesEncoder = (request: ChatRequest) => string;

export type ResponsesEncoding = {
  /** Who is asked; what another wrote and sealed is not sent. */
  by: string;
  quirks: Quirks;
  compat: Compat;
  /** Asks for reasoning in encrypted form, to be sent back: asked anew for each request. */
  wantsSealed: () => boolean;
};

/** For one model: how it differs is the same for all its requests. */
export function createResponsesEncoder(how: ResponsesEncoding): ResponsesEncoder {
  const toItems = encodeOnce((message: Message) => encodeItems(message, how).join(","));
  const toTools = encodeOnce((tools: readonly ToolSpec[]) =>
    JSON.stringify(tools.map((tool) => toTool(tool, how.compat))),
  );

  return (request) => {
    const head = JSON.stringify({
      ...toParams(request, how),
      // What carries the chat itself comes last: `extra_body` cannot replace it.
      model: request.model,
      stream: true,
      // The server is to keep nothing: what was said is sent again with each request.
      store: false,
      ...(how.wantsSealed() && { include: ["reasoning.encrypted_content"] }),
      ...(request.system && { instructions: request.system }),
      input: undefined,
      tools: undefined,
    });
    const tools = request.tools.length > 0 ? `,"tools":${toTools(request.tools)}` : "";
    const input = request.messages.map(toItems).filter((items) => items !== "");
    return `${head.slice(0, -1)}${tools},"input":[${input.join(",")}]}`;
  };
}

function encodeItems(message: Message, how: ResponsesEncoding): string[] {
  switch (message.role) {
    case "user": {
      const text = toUserText(message);
      const images = (message.images ?? []).map(toImage);
      const said = text === "" && images.length > 0 ? [] : [{ type: "input_text", text }];
      return [toMessage("user", [...images, ...said])];
    }
    case "tool": {
      const { callId, text, images } = message;
      const said = toResultText(text);
      const output = images?.length
        ? [{ type: "input_text", text: said }, ...images.map(toImage)]
        : said;
      return [JSON.stringify({ type: "function_call_output", call_id: callId, output })];
    }
    case "assistant":
      return encodeAnswer(message, how);
  }
}

function encodeAnswer(
  { text, reasoning, toolCalls, sealed }: Extract<Message, { role: "assistant" }>,
  { by, quirks, compat }: ResponsesEncoding,
): string[] {
  const own = sealed?.by === by ? sealed.items : [];
  const at = (place: number) => own.filter((item) => item.place === place).map(toJson);
  const thinks = compat.requiresReasoningContentOnAssistantMessages ?? quirks.takesReasoningItems;
  const items = at(0);
  if (own.length === 0 && reasoning && thinks) items.push(toReasoning(reasoning));
  if (text !== "" || toolCalls.length === 0) {
    items.push(toMessage("assistant", [{ type: "output_text", text }]));
  }
  for (const [index, call] of toolCalls.entries()) {
    items.push(...at(index + 1));
    items.push(
      JSON.stringify({
        type: "function_call",
        call_id: call.id,
        name: call.tool,
        // A string here, so the bytes survive inside it.
        arguments: toReplayedArguments(call),
      }),
    );
  }
  return items;
}

const toJson = ({ json }: SealedItem) => json;

const toMessage = (role: "user" | "assistant", content: object[]) =>
  JSON.stringify({ type: "message", role, content });

const toReasoning = (text: string) =>
  JSON.stringify({ type: "reasoning", summary: [], content: [{ type: "reasoning_text", text }] });

const toImage = (image: Image) => ({
  type: "input_image",
  image_url: toDataUrl(image),
  detail: "auto",
});

/** Not strict: strict schemas may leave nothing optional, and ours do. */
const toTool = ({ name, description, schema }: ToolSpec, compat: Compat) => ({
  type: "function",
  name,
  description,
  parameters: fitToolSchema(schema, compat),
  strict: false,
});

function toParams(request: ChatRequest, { quirks, compat }: ResponsesEncoding): object {
  const { params, maxTokens, toolChoice, tools, format } = request;
  const choice = toolChoice && toolChoice !== "auto" ? toolChoice : compat.tool_choice;
  return {
    ...(!quirks.strictParams && toSampling(params, compat, quirks)),
    ...toResponsesFields(params, compat),
    ...(format && { text: { format: toFormat(format) } }),
    ...(maxTokens !== undefined && { max_output_tokens: maxTokens }),
    // "auto" is what every server does without it.
    ...(tools.length > 0 && choice && choice !== "auto" && { tool_choice: choice }),
    ...extraOf(params),
  };
}

/**
 * Servers that run models themselves take here what they take in chat completions. What the Responses API
 * has its own place for goes there alone.
 */
function toSampling(params: ChatRequest["params"], compat: Compat, quirks: Quirks): object {
  const {
    reasoning_effort: _effort,
    response_format: _format,
    ...fields
  } = toChatFields(params, compat, quirks.renames);
  return fields;
}

/** Not `strict`: OpenAI's strict mode takes no choice between forms at the top. */
const toFormat = (schema: object) => ({
  type: "json_schema",
  name: "answer",
  schema,
  strict: false,
});
