/** A request for a response as the chat that asks the same, so that both go one way from there. Pure. */

import { invalid } from "../openai/conversation.ts";
import type { ChatCompletion, WireMessage } from "../openai/wire.ts";
import type { Item, ResponseCreate } from "./wire.ts";

/** `items` are those of the conversation before it, then its own. No reference may be left among them. */
export function toChat(request: ResponseCreate, items: readonly Item[]): ChatCompletion {
  const { instructions, text, reasoning } = request;
  const messages = toMessages(items);
  if (instructions) messages.unshift({ role: "system", content: instructions });
  return {
    model: request.model,
    messages,
    tools: request.tools?.map(toTool),
    tool_choice: toChoice(request.tool_choice),
    parallel_tool_calls: request.parallel_tool_calls,
    max_completion_tokens: request.max_output_tokens,
    temperature: request.temperature,
    top_p: request.top_p,
    reasoning_effort: reasoning?.effort,
    response_format: toFormat(text?.format),
  };
}

type Assistant = Extract<WireMessage, { role: "assistant" }>;

/** What a model thought, said and called stand in one message of a chat, and are items of their own here. */
function toMessages(items: readonly Item[]): WireMessage[] {
  const messages: WireMessage[] = [];
  let open: Assistant | undefined;
  const begin = (): Assistant => {
    const message: Assistant = { role: "assistant", content: null };
    messages.push(message);
    return message;
  };
  for (const [index, item] of items.entries()) {
    const where = `input.${index}`;
    if (item.type === "reasoning") {
      const thought = (item.content ?? item.summary ?? []).map(({ text }) => text).join("\n");
      if (thought === "") continue;
      open = begin();
      open.reasoning_content = thought;
    } else if (item.type === "function_call") {
      open ??= begin();
      const { name, arguments: json } = item;
      const call = { id: item.call_id, type: "function" as const };
      open.tool_calls = [
        ...(open.tool_calls ?? []),
        { ...call, function: { name, arguments: json } },
      ];
    } else if (item.type === "message" && item.role === "assistant") {
      if (!open || open.content !== null || open.tool_calls) open = begin();
      open.content = toContent(item.content, `${where}.content`);
    } else {
      open = undefined;
      messages.push(toOther(item, where));
    }
  }
  return messages;
}

function toOther(
  item: Exclude<Item, { type: "reasoning" | "function_call" }>,
  where: string,
): WireMessage {
  if (item.type === "function_call_output") {
    const content = toContent(item.output, `${where}.output`);
    return { role: "tool", tool_call_id: item.call_id, content };
  }
  if (item.type === "message" && item.role !== "assistant") {
    return { role: item.role, content: toContent(item.content, `${where}.content`) };
  }
  throw invalid(where, "must be the item itself: no answer that is kept has one of this id");
}

type Content = Extract<Item, { type: "message" }>["content"];
type ChatContent = Extract<WireMessage, { role: "user" }>["content"];

function toContent(content: Content, where: string): ChatContent {
  if (typeof content === "string") return content;
  return content.map((part, index) => {
    const { type, text = part.refusal, image_url } = part;
    if (TEXTS.includes(type) && text !== undefined) return { type: "text", text };
    if (type === "input_image" && image_url) return { type: "image_url", image_url };
    throw invalid(
      `${where}.${index}`,
      `must be a part of type "input_text", "output_text", or "input_image" with an image_url: others are not taken`,
    );
  });
}

const TEXTS = ["input_text", "output_text", "text", "refusal"];

const toTool = ({
  name,
  description,
  parameters,
}: NonNullable<ResponseCreate["tools"]>[number]) => ({
  type: "function" as const,
  function: {
    name,
    description: description ?? "",
    parameters: parameters ?? { type: "object", properties: {} },
  },
});

function toChoice(choice: ResponseCreate["tool_choice"]): ChatCompletion["tool_choice"] {
  if (choice == null || typeof choice === "string") return choice;
  if (choice.type === "function") return { type: "function", function: { name: choice.name } };
  const tools = choice.tools.map(({ name }) => ({ function: { name } }));
  return { type: "allowed_tools", allowed_tools: { mode: choice.mode, tools } };
}

type Format = NonNullable<NonNullable<ResponseCreate["text"]>["format"]>;

function toFormat(format: Format | null | undefined): ChatCompletion["response_format"] {
  if (format?.type !== "json_schema") return format;
  const { type, ...json_schema } = format;
  return { type, json_schema };
}
