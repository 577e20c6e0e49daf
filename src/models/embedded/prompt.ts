/**
 * The prompt in exactly the format that the model was trained on: names of tools and the messages. It
 * has never seen a system prompt, a schema or a time of day, so those are left out. Texts come neutralised
 * and are restored: this tokenizer makes no control tokens of them.
 */

import type { Message } from "../../protocol/message.ts";
import { restore } from "../hostile.ts";
import type { ChatRequest } from "../provider.ts";
import { toOwnArguments, toOwnName, toOwnResult } from "./mapping.ts";

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
  /** What of the last result the model is shown, where that is not all of it. */
  shown?: string;
};

export function toPrompt({ tools, messages, toolChoice }: ChatRequest): Prompt {
  // The model was never taught to hold back: without a name it says "I have no tool for that here."
  const offered = toolChoice === "none" ? [] : tools.flatMap(({ name }) => toOwnName(name) ?? []);
  const exchanges: Piece[][] = [];
  for (const message of messages) {
    if (message.role === "user" || exchanges.length === 0) exchanges.push([]);
    exchanges.at(-1)?.push(...toPieces(message, messages));
  }
  const last = messages.at(-1);
  const shown = last?.role === "tool" ? toOwnResult(last).shown : undefined;
  return {
    head: [
      { frame: "<|im_start|>system\ntools: " },
      { text: offered.join(" ") || "none" },
      { frame: "<|im_end|>\n" },
    ],
    exchanges: exchanges.filter((pieces) => pieces.length > 0),
    tail: [{ frame: "<|im_start|>assistant\n" }],
    ...(shown && { shown }),
  };
}

function toPieces(message: Message, all: readonly Message[]): Piece[] {
  switch (message.role) {
    case "user":
      return [
        { frame: "<|im_start|>user\n" },
        { text: restore(message.text) },
        { frame: "<|im_end|>\n" },
      ];
    case "assistant":
      return toAssistantPieces(message, all);
    case "tool":
      return []; // stands with its call
  }
}

/**
 * In training a message was either text or one call, and each call was followed by its result. Calls of
 * tools that this model does not know (another model made them) are left out with their results.
 */
function toAssistantPieces(
  { text, toolCalls }: Message & { role: "assistant" },
  all: readonly Message[],
): Piece[] {
  const calls = toolCalls.flatMap((call) => {
    const name = toOwnName(call.tool);
    const result = all.find((other) => other.role === "tool" && other.callId === call.id);
    if (!name || result?.role !== "tool") return [];
    return [
      { frame: "<|im_start|>assistant\n<tool_call>" },
      { text: `\n{"name": "${name}", "arguments": ${toOwnArguments(call)}}\n` },
      { frame: "</tool_call><|im_end|>\n<|im_start|>user\n<tool_response>\n" },
      { text: toOwnResult(result).text, result: true } as const,
      { frame: "\n</tool_response><|im_end|>\n" },
    ];
  });
  if (calls.length > 0 || !text) return calls;
  return [{ frame: "<|im_start|>assistant\n" }, { text: restore(text) }, { frame: "<|im_end|>\n" }];
}
