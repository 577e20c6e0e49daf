/**
 * The prompt as `demo-model/chat_template.jinja` renders it on other engines, token for token: names of tools
 * and the messages. The model has never seen a system prompt or a schema, so those are left out. Texts come
 * neutralised and are restored: this tokenizer makes no control tokens of them.
 */

import { isJsonObject } from "../../base/json.ts";
import type { Message, ToolCall } from "../../protocol/message.ts";
import { restore } from "../hostile.ts";
import type { ChatRequest } from "../provider.ts";
import { toResultText, toUserText } from "../replay.ts";

/**
 * `frame` is ours and may hold control tokens; `text` is anybody's and never does. `result` marks what a
 * tool answered: it may be cut, and the model is likely to repeat it.
 */
export type Piece = { frame: string } | { text: string; result?: true };

export type Prompt = {
  head: Piece[];
  /** From one user message to the next; the oldest are dropped whole when the context is full. */
  exchanges: Piece[][];
  tail: Piece[];
};

export function toPrompt({ tools, messages, toolChoice }: ChatRequest): Prompt {
  // The model was never taught to hold back: without a name it says "I have no tool for that here."
  const offered = toolChoice === "none" ? [] : tools.map(({ name }) => name);
  const exchanges: Piece[][] = [];
  for (const message of messages) {
    if (message.role === "user" || exchanges.length === 0) exchanges.push([]);
    exchanges.at(-1)?.push(...toPieces(message));
  }
  return {
    head: [
      { frame: "<|im_start|>system\ntools: " },
      { text: offered.join(" ") || "none" },
      { frame: "<|im_end|>\n" },
    ],
    exchanges,
    tail: [{ frame: "<|im_start|>assistant\n" }],
  };
}

function toPieces(message: Message): Piece[] {
  switch (message.role) {
    case "user":
      return [
        { frame: "<|im_start|>user\n" },
        { text: restore(toUserText(message)) },
        { frame: "<|im_end|>\n" },
      ];
    case "assistant":
      return [
        { frame: "<|im_start|>assistant\n" },
        { text: restore(message.text) },
        ...message.toolCalls.flatMap(toCallPieces),
        { frame: "<|im_end|>\n" },
      ];
    case "tool":
      return [
        { frame: "<|im_start|>user\n<tool_response>\n" },
        { text: restore(toResultText(message.text)), result: true },
        { frame: "\n</tool_response><|im_end|>\n" },
      ];
  }
}

const toCallPieces = ({ tool, argumentsJson }: ToolCall): Piece[] => [
  { frame: "<tool_call>" },
  { text: `\n{"name": "${restore(tool)}", "arguments": ${toArguments(argumentsJson)}}\n` },
  { frame: "</tool_call>" },
];

/** As the model wrote them; what another model broke is shown without arguments. */
function toArguments(json: string): string {
  const restored = restore(json);
  return isJsonObject(restored) ? restored : "{}";
}
