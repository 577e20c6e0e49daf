/**
 * The body of Ollama's `/api/chat`, written as text: arguments go in as the bytes they came as, and each
 * message is encoded once (docs/api.md and api/types.go of ollama/ollama).
 */

import type { ChatRequest } from "./provider.ts";
import type { Message, ToolCall, ToolSpec } from "../protocol/message.ts";
import { encodeOnce, toReplayedArguments, toResultText, toUserText } from "./replay.ts";

/** What Ollama reads under `options`; anything else it would ignore without a word. */
const OPTIONS = new Set(
  `num_keep seed num_predict top_k top_p min_p typical_p repeat_last_n temperature repeat_penalty
  presence_penalty frequency_penalty stop num_batch num_gpu main_gpu use_mmap num_thread`.split(
    /\s+/,
  ),
);
/** What it reads beside `messages`. */
const TOP_LEVEL = new Set(["format", "keep_alive", "think", "truncate", "shift"]);

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
      return JSON.stringify({ role: "user", content: toUserText(message) });
    case "tool":
      return JSON.stringify({
        role: "tool",
        content: toResultText(message.text),
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

function toParams({ params = {}, contextTokens, maxTokens, format }: ChatRequest): object {
  const options: Record<string, unknown> = {};
  const topLevel: Record<string, unknown> = {};
  if (maxTokens !== undefined) options["num_predict"] = maxTokens;
  for (const [name, value] of Object.entries(params)) {
    if (OPTIONS.has(name)) options[name] = value;
    if (TOP_LEVEL.has(name)) topLevel[name] = value;
  }
  const keepAlive = toKeepAlive(topLevel["keep_alive"]);
  delete topLevel["keep_alive"];
  // Always: without it Ollama takes a default and cuts a long chat from its start, without a word.
  options["num_ctx"] = contextTokens;
  return {
    ...topLevel,
    ...(format && { format }),
    ...(keepAlive !== undefined && { keep_alive: keepAlive }),
    options,
  };
}

/**
 * Ollama takes a number of seconds or a Go duration; it refuses the string "-1", which guides write for
 * "for ever". What is neither is left out: the server's default beats a refused chat.
 */
export function toKeepAlive(value: unknown): number | string | undefined {
  if (typeof value === "number") return Number.isFinite(value) ? value : undefined;
  if (typeof value !== "string") return undefined;
  const text = value.trim();
  if (/^-?\d+$/.test(text)) return Number(text);
  return /^-?(\d+(\.\d+)?(ns|us|µs|ms|s|m|h))+$/.test(text) ? text : undefined;
}
