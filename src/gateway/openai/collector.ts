import type { ToolCall } from "../../protocol/message.ts";
import { toWireUsage, type ChatUsage, type FinishReason, type Sink } from "./sink.ts";

export interface Collector extends Sink {
  /** The whole answer, once `done` was called. */
  completion(about: { id: string; model: string; created: number }): object;
}

/** An answer as one `chat.completion` object. */
export function createCollector(): Collector {
  let text = "";
  let reasoning = "";
  const calls: ToolCall[] = [];
  let finish: FinishReason = "stop";
  let usage: ChatUsage = { inputTokens: 0, outputTokens: 0 };
  return {
    text: (more) => void (text += more),
    reasoning: (more) => void (reasoning += more),
    call: (call) => void calls.push(call),
    done: (reason, used) => {
      finish = reason;
      usage = used;
    },
    room: () => undefined,
    completion: ({ id, model, created }) => ({
      id,
      object: "chat.completion",
      created,
      model,
      choices: [
        {
          index: 0,
          message: {
            role: "assistant",
            content: text === "" && calls.length > 0 ? null : text,
            ...(reasoning === "" ? {} : { reasoning_content: reasoning }),
            ...(calls.length === 0 ? {} : { tool_calls: calls.map(toWireCall) }),
            refusal: null,
          },
          logprobs: null,
          finish_reason: finish,
        },
      ],
      usage: toWireUsage(usage),
    }),
  };
}

const toWireCall = ({ id, tool, argumentsJson }: ToolCall) => ({
  id,
  type: "function",
  function: { name: tool, arguments: argumentsJson },
});
