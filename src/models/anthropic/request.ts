/**
 * The body of Anthropic's `/v1/messages`, written as text: each message is encoded once and stays the same
 * bytes for as long as it is sent (https://platform.claude.com/docs/en/api/messages).
 */

import type { Image, Message, SealedItem, ToolCall, ToolSpec } from "../../protocol/message.ts";
import { fitToolSchema } from "../compat/tool-schema.ts";
import { extraOf, toMessagesFields } from "../params/fields.ts";
import type { ChatRequest } from "../provider.ts";
import { encodeOnce, toReplayedArguments, toResultText, toUserText } from "../replay.ts";
import type { Compat } from "../settings.ts";

export type MessagesEncoder = (request: ChatRequest) => string;

export type MessagesEncoding = {
  /** Who is asked; what another wrote and sealed is not sent. */
  by: string;
  compat: Compat;
  /** Anthropic itself: marks where its prompt cache begins to write. Others cache by themselves. */
  marksCache: boolean;
  /** Takes earlier reasoning back although nobody signed it. */
  takesReasoning: boolean;
};

/** For one model: how it differs is the same for all its requests. */
export function createMessagesEncoder(how: MessagesEncoding): MessagesEncoder {
  const toBlocks = encodeOnce((message: Message) => encodeBlocks(message, how));
  const toTools = encodeOnce((tools: readonly ToolSpec[]) =>
    JSON.stringify(tools.map((tool) => toTool(tool, how.compat))),
  );

  return (request) => {
    const head = JSON.stringify({
      ...toParams(request, how),
      // Set beside the messages and not on one of them: a mark that moves would change what was sent.
      ...(how.marksCache && { cache_control: { type: "ephemeral" } }),
      model: request.model,
      stream: true,
      ...(request.system && { system: [{ type: "text", text: request.system }] }),
    });
    const tools = request.tools.length > 0 ? `,"tools":${toTools(request.tools)}` : "";
    const messages = group(request.messages, toBlocks);
    return `${head.slice(0, -1)}${tools},"messages":[${messages.join(",")}]}`;
  };
}

/** The results of one answer's calls make one message: the API wants them together. */
function group(messages: readonly Message[], toBlocks: (message: Message) => string): string[] {
  const grouped: string[] = [];
  let results: string[] = [];
  const close = () => {
    if (results.length > 0) grouped.push(toTurn("user", results));
    results = [];
  };
  for (const message of messages) {
    if (message.role === "tool") {
      results.push(toBlocks(message));
      continue;
    }
    close();
    grouped.push(toTurn(message.role, [toBlocks(message)]));
  }
  close();
  return grouped;
}

const toTurn = (role: "user" | "assistant", blocks: readonly string[]) =>
  `{"role":"${role}","content":[${blocks.join(",")}]}`;

/** The content blocks of one message, without the brackets around them. */
function encodeBlocks(message: Message, how: MessagesEncoding): string {
  switch (message.role) {
    case "user": {
      const text = toUserText(message);
      const images = (message.images ?? []).map(toImageBlock);
      // An empty text block is refused.
      return [...images, ...(text.trim() === "" ? [] : [toText(text)])].join(",");
    }
    case "tool":
      return encodeResult(message);
    case "assistant":
      return encodeAnswer(message, how);
  }
}

function encodeResult({ callId, text, ok, images }: Extract<Message, { role: "tool" }>): string {
  const said = toResultText(text);
  const content = images?.length
    ? `[${[toText(said), ...images.map(toImageBlock)].join(",")}]`
    : JSON.stringify(said);
  const failed = ok ? "" : ',"is_error":true';
  return `{"type":"tool_result","tool_use_id":${toId(callId)},"content":${content}${failed}}`;
}

function encodeAnswer(
  { text, reasoning, toolCalls, sealed }: Extract<Message, { role: "assistant" }>,
  how: MessagesEncoding,
): string {
  const items = sealed?.by === how.by ? sealed.items : [];
  const at = (place: number) => items.filter((item) => item.place === place).map(toJson);
  const blocks = at(0);
  if (items.length === 0 && reasoning && how.takesReasoning) {
    blocks.push(JSON.stringify({ type: "thinking", thinking: reasoning, signature: "" }));
  }
  if (text.trim() !== "") blocks.push(toText(text));
  for (const [index, call] of toolCalls.entries()) blocks.push(...at(index + 1), toUse(call));
  // Reasoning may not end an answer.
  if (text.trim() === "" && toolCalls.length === 0) blocks.push(toText("(nothing)"));
  return blocks.join(",");
}

const toJson = ({ json }: SealedItem) => json;

const toText = (text: string) => JSON.stringify({ type: "text", text });

const toUse = (call: ToolCall) =>
  `{"type":"tool_use","id":${toId(call.id)},"name":${JSON.stringify(call.tool)},"input":${toReplayedArguments(call)}}`;

/** Ids of other servers may hold what is refused here. */
const toId = (id: string) => JSON.stringify(id.replaceAll(/[^A-Za-z0-9_-]/g, "_"));

const toImageBlock = ({ mediaType, data }: Image) =>
  JSON.stringify({ type: "image", source: { type: "base64", media_type: mediaType, data } });

const toTool = ({ name, description, schema }: ToolSpec, compat: Compat) => ({
  name,
  description,
  input_schema: fitToolSchema(schema, compat),
});

/** The API wants a limit. Answers beyond it are rare, and `maxTokens` of the config raises it. */
const MOST_TOKENS = 8_192;

function toParams(request: ChatRequest, { compat }: MessagesEncoding): object {
  const { params, contextTokens, maxTokens, toolChoice, tools, format } = request;
  const choice = toolChoice && toolChoice !== "auto" ? toolChoice : compat.tool_choice;
  return {
    ...toMessagesFields(params, compat),
    ...(format && { output_config: { format: { type: "json_schema", schema: format } } }),
    // Some servers refuse what would not fit beside the prompt: a quarter always does.
    max_tokens: maxTokens ?? Math.min(MOST_TOKENS, Math.floor(contextTokens / 4)),
    ...(tools.length > 0 &&
      choice &&
      choice !== "auto" && { tool_choice: { type: CHOICES[choice] } }),
    ...extraOf(params),
  };
}

const CHOICES = { none: "none", required: "any" } as const;
