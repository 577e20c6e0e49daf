/** A message as a model is sent it. What stands here was sent, and is sent again byte for byte. */
export type Message =
  /** `context` is what changes from turn to turn (time, mode, new memories); the dialect sets it after the text. */
  | { role: "user"; text: string; context?: string; images?: readonly Image[] }
  | {
      role: "assistant";
      text: string;
      reasoning?: string;
      toolCalls: ToolCall[];
      sealed?: Sealed;
    }
  | {
      role: "tool";
      callId: string;
      tool: string;
      text: string;
      ok: boolean;
      images?: readonly Image[];
    };

export type ToolCall = {
  /** Unique in its session. The server's own where it gave one, else made here. */
  id: string;
  tool: string;
  /** JSON text, exactly as the server wrote it: never parsed and written again. */
  argumentsJson: string;
};

export type ToolSpec = { name: string; description: string; schema: object };

export const IMAGE_TYPES = ["image/png", "image/jpeg", "image/webp", "image/gif"] as const;
export type ImageType = (typeof IMAGE_TYPES)[number];

/** A picture beside a text. Its bytes are kept with the message, and go where the message goes. */
export type Image = {
  mediaType: ImageType;
  /** What people call it; a file's name, never a path. */
  name: string;
  /** The file as it is, in base64. */
  data: string;
};

/**
 * What a server signed or encrypted of its own (reasoning) and wants back byte for byte. Nobody else is
 * sent it.
 */
export type Sealed = {
  /** The provider and model that wrote it. */
  by: string;
  items: SealedItem[];
};

export type SealedItem = {
  /** JSON text, exactly as the server wrote it. */
  json: string;
  /** Where it stood: 0 before the text, 1 before the first call, 2 before the second, … */
  place: number;
};
