/** A message as a model is sent it. What stands here was sent, and is sent again byte for byte. */
export type Message =
  /** `context` is what changes from turn to turn (time, mode, new memories); the dialect sets it after the text. */
  | { role: "user"; text: string; context?: string }
  | { role: "assistant"; text: string; reasoning?: string; toolCalls: ToolCall[] }
  | { role: "tool"; callId: string; tool: string; text: string; ok: boolean };

export type ToolCall = {
  /** Unique in its session. The server's own where it gave one, else made here. */
  id: string;
  tool: string;
  /** JSON text, exactly as the server wrote it: never parsed and written again. */
  argumentsJson: string;
};

export type ToolSpec = { name: string; description: string; schema: object };
