/** What goes between the gateway and the child that runs a model: one JSON value a line, both ways. */

import { z } from "zod";

import type { Message, ToolSpec } from "../../protocol/message.ts";

export type Order =
  | ({ order: "load" } & Load)
  | { order: "chat"; id: number; chat: ChatOrder }
  /** Ends the answer at the next token; what is cached stays. */
  | { order: "stop"; id: number };

export type Load = {
  /** The GGUF file. */
  path: string;
  contextTokens: number;
  gpu: Gpu;
  /** Layers on the graphics card; the library chooses without it. */
  gpuLayers?: number | undefined;
  threads: number;
};

/** What computes: a card's programming interface, or the processor alone. */
export const GPUS = ["cuda", "vulkan", "metal", "none"] as const;
export type Gpu = (typeof GPUS)[number];

export type ChatOrder = {
  system: string;
  messages: readonly Message[];
  tools: readonly ToolSpec[];
  /** False keeps the tools in the prompt, and takes no call. */
  mayCall: boolean;
  /** A JSON schema for the answer. Not together with calls. */
  format?: object | undefined;
  maxTokens?: number | undefined;
  sampling: Sampling;
};

/** By the library's own names. */
export type Sampling = {
  temperature?: number;
  topP?: number;
  topK?: number;
  minP?: number;
  seed?: number;
  repeatPenalty?: false | { penalty?: number; frequencyPenalty?: number; presencePenalty?: number };
  customStopTriggers?: string[];
};

const Count = z.number().int().nonnegative();

/** A child that runs native code on a file from somewhere is not believed: each line is parsed. */
export const Answer = z.discriminatedUnion("type", [
  z.object({
    type: z.literal("loaded"),
    contextTokens: Count,
    /** Whether calls can be told from text in what it writes. */
    tools: z.boolean(),
    tookMs: z.number().nonnegative(),
  }),
  /** How much there is to read, before it is read. */
  z.object({ type: z.literal("reading"), id: Count, tokens: Count }),
  z.object({ type: z.literal("text"), id: Count, text: z.string() }),
  z.object({ type: z.literal("reasoning"), id: Count, text: z.string() }),
  z.object({ type: z.literal("call"), id: Count, tool: z.string(), argumentsJson: z.string() }),
  z.object({
    type: z.literal("done"),
    id: Count,
    reason: z.enum(["stop", "length", "tool-calls"]),
    inputTokens: Count,
    cachedTokens: Count,
    outputTokens: Count,
    promptMs: z.number().nonnegative(),
    outputMs: z.number().nonnegative(),
  }),
  z.object({ type: z.literal("too-long"), id: Count, tokens: Count }),
  /** Without an id it was the loading. */
  z.object({
    type: z.literal("failed"),
    id: Count.optional(),
    cause: z.enum(["memory", "model", "engine"]),
    detail: z.string(),
  }),
]);
export type Answer = z.infer<typeof Answer>;
