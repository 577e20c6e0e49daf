/** From what the engine says to what a provider says: texts and calls. */

import { isRecord, memberSpan, rootSpan } from "../../base/json.ts";
import type { ToolCall } from "../../protocol/message.ts";
import type { ChatEvent } from "../provider.ts";
import type { Output } from "./engine.ts";

type Said = Extract<Output, { type: "text" | "mark" }>;

export interface Speech {
  /** The events that follow from one output. Text between the marks of a call waits for the closing one. */
  hear(output: Said): ChatEvent[];
  /** At the end: a call that was not finished is text after all. */
  end(): ChatEvent[];
}

/**
 * Marks are tokens and not text, so a file that quotes `<tool_call>` cannot make a call: the model can
 * repeat the letters, and they stay letters. Nothing of the text has to be held back for the same reason.
 */
export function createSpeech(newCallId: () => string): Speech {
  /** What came since `<tool_call>`; undefined outside of a call. */
  let inside: string | undefined;
  const text = (text: string): ChatEvent[] => (text ? [{ type: "text", text }] : []);
  const end = () => {
    const rest = inside === undefined ? "" : `<tool_call>${inside}`;
    inside = undefined;
    return text(rest);
  };
  return {
    hear(output) {
      if (output.type === "text") {
        if (inside === undefined) return text(output.text);
        inside += output.text;
        return [];
      }
      if (output.mark === "<tool_call>") {
        const unfinished = end();
        inside = "";
        return unfinished;
      }
      if (output.mark === "</tool_call>" && inside !== undefined) {
        const call = parseCall(inside, newCallId);
        if (!call) return [...end(), ...text(output.mark)];
        inside = undefined;
        return [{ type: "tool-call", call }];
      }
      if (inside === undefined) return text(output.mark);
      inside += output.mark;
      return [];
    },
    end,
  };
}

/** Undefined for what is no call. The arguments keep the bytes that the model wrote. */
function parseCall(json: string, newCallId: () => string): ToolCall | undefined {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch {
    return undefined; // the caller shows it as the text that it is
  }
  if (!isRecord(value) || typeof value.name !== "string" || !isRecord(value.arguments)) {
    return undefined;
  }
  const span = memberSpan(json, rootSpan(json), "arguments");
  const argumentsJson = span ? json.slice(span.start, span.end) : "{}";
  return { id: newCallId(), tool: value.name, argumentsJson };
}
