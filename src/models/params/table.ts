/**
 * Every runtime parameter that a config may give a model, what it may be, and where each dialect puts it.
 * A parameter is a row here, not a line in four dialects. Names are Ollama's where Ollama has one, since
 * guides use those; a dialect without a field for it is told nothing.
 */

import type { APIS } from "../settings.ts";

export type Api = (typeof APIS)[number];

export type Kind =
  | { type: "number"; least?: number; most?: number }
  | { type: "whole"; least?: number; most?: number }
  | { type: "boolean" }
  | { type: "text" }
  | { type: "object" }
  /** One text or a list of them. */
  | { type: "texts" }
  /** Seconds as a number, or a Go duration such as "10m"; -1 is for ever. */
  | { type: "duration" }
  /** Whether and how hard a model thinks before it answers. */
  | { type: "think" };

export type Row = {
  kind: Kind;
  /** In Ollama's body: among its `options`, or beside them. */
  ollama?: "options" | "top";
  /** The field's name in the body of each other dialect. */
  chat?: string;
  responses?: string;
  messages?: string;
  /** What fixes it instead, where servers of OpenAI's dialects take it at their start only. */
  atStart?: string;
};

const number = (least?: number, most?: number): Kind => ({
  type: "number",
  ...(least !== undefined && { least }),
  ...(most !== undefined && { most }),
});
const whole = (least?: number): Kind => ({ type: "whole", ...(least !== undefined && { least }) });
const flag: Kind = { type: "boolean" };
const option = (kind: Kind, chat?: string): Row => ({
  kind,
  ollama: "options",
  ...(chat !== undefined && { chat }),
});
const atStart = (kind: Kind, how: string): Row => ({ kind, ollama: "options", atStart: how });

/** Limits are what servers refuse beyond (Ollama's api/types.go, OpenAI's and Anthropic's references). */
export const PARAMS: Readonly<Record<string, Row>> = {
  temperature: {
    kind: number(0),
    ollama: "options",
    chat: "temperature",
    responses: "temperature",
    messages: "temperature",
  },
  top_p: {
    kind: number(0, 1),
    ollama: "options",
    chat: "top_p",
    responses: "top_p",
    messages: "top_p",
  },
  // -1 is "all of them" to vLLM and SGLang.
  top_k: { kind: whole(-1), ollama: "options", chat: "top_k", messages: "top_k" },
  min_p: option(number(0, 1), "min_p"),
  typical_p: option(number(0, 1), "typical_p"),
  seed: option(whole(), "seed"),
  stop: { kind: { type: "texts" }, ollama: "options", chat: "stop", messages: "stop_sequences" },
  presence_penalty: option(number(-2, 2), "presence_penalty"),
  frequency_penalty: option(number(-2, 2), "frequency_penalty"),
  repeat_penalty: option(number(0), "repeat_penalty"),
  repeat_last_n: option(whole(-1)),
  // Sent as the limit on the answer, which every dialect has; -1 is no limit.
  num_predict: option(whole(-2)),
  // Not from here: it is what the agent budgets, one value for one model.
  num_ctx: { kind: whole(1024) },
  num_batch: atStart(whole(1), "--batch-size"),
  num_thread: atStart(whole(0), "--threads"),
  num_gpu: atStart(whole(-1), "--n-gpu-layers"),
  main_gpu: atStart(whole(0), "--main-gpu"),
  use_mmap: atStart(flag, "--no-mmap"),
  num_keep: option(whole(-1)),
  keep_alive: {
    kind: { type: "duration" },
    ollama: "top",
    atStart: "its own setting for idle models",
  },
  format: { kind: { type: "object" }, ollama: "top" },
  truncate: { kind: flag, ollama: "top" },
  shift: { kind: flag, ollama: "top" },
  think: { kind: { type: "think" } },
  repetition_penalty: { kind: number(0), chat: "repetition_penalty" },
  reasoning_effort: { kind: { type: "text" }, chat: "reasoning_effort" },
  response_format: { kind: { type: "object" }, chat: "response_format" },
  logit_bias: { kind: { type: "object" }, chat: "logit_bias" },
  chat_template_kwargs: { kind: { type: "object" }, chat: "chat_template_kwargs" },
  n_probs: { kind: whole(0), chat: "n_probs" },
  parallel_tool_calls: {
    kind: flag,
    chat: "parallel_tool_calls",
    responses: "parallel_tool_calls",
  },
  cache_prompt: { kind: flag, chat: "cache_prompt" },
  id_slot: { kind: whole(-1), chat: "id_slot" },
  // LM Studio: seconds until an idle model is unloaded.
  ttl: { kind: whole(0), chat: "ttl" },
  // What no row has: put into the body as it is.
  extra_body: { kind: { type: "object" } },
};

/**
 * Whether a model is loaded with it: one value for all who use the model, since with another its server would
 * load it anew, or let go of it, under the others.
 */
export const isOfLoading = (name: string): boolean =>
  name === "num_ctx" || name === "ttl" || rowOf(name)?.atStart !== undefined;

export const rowOf = (name: string): Row | undefined =>
  Object.hasOwn(PARAMS, name) ? PARAMS[name] : undefined;
