/**
 * What `/v1/chat/completions` takes (https://platform.openai.com/docs/api-reference/chat/create). Clients send
 * null for what they leave open, and fields that this gateway has no use for; the latter are dropped here.
 */

import { z } from "zod";

/** Images come as `data:` in it; so large a body is what clients of other gateways rely on. */
export const CHAT_BODY_BYTES = 20 * 1024 * 1024;

const Part = z.object({
  type: z.string(),
  text: z.string().optional(),
  image_url: z.union([z.string(), z.object({ url: z.string() })]).optional(),
});
const Content = z.union([z.string(), z.array(Part)], "must be text or an array of parts");

const WireCall = z.object({
  id: z.string().min(1),
  type: z.literal("function").default("function"),
  function: z.object({ name: z.string().min(1), arguments: z.string() }),
});

const WireMessage = z.discriminatedUnion("role", [
  z.object({ role: z.enum(["system", "developer"]), content: Content }),
  z.object({ role: z.literal("user"), content: Content }),
  z.object({
    role: z.literal("assistant"),
    content: Content.nullish(),
    reasoning_content: z.string().nullish(),
    tool_calls: z.array(WireCall).nullish(),
  }),
  z.object({ role: z.literal("tool"), tool_call_id: z.string(), content: Content }),
]);

/** Goes into answers, faults and the log: what could end a line in one of them is no name. */
export const ModelName = z
  .string()
  .max(300)
  .regex(/^\P{Cc}*$/u, "must be a name without control characters");

const WireTool = z.object({
  type: z.literal("function", 'must be "function": there are no tools of the server'),
  function: z.object({
    name: z.string().regex(/^[\w.-]{1,64}$/, "must be 1 to 64 letters, digits, _, - or ."),
    description: z
      .string()
      .nullish()
      .transform((text) => text ?? ""),
    parameters: z
      .record(z.string(), z.unknown())
      .nullish()
      .transform((schema) => schema ?? { type: "object", properties: {} }),
  }),
});

const ToolChoice = z.union(
  [
    z.enum(["auto", "none", "required"]),
    z.object({ type: z.literal("function"), function: z.object({ name: z.string() }) }),
    z.object({
      type: z.literal("allowed_tools"),
      allowed_tools: z.object({
        mode: z.enum(["auto", "required"]),
        tools: z.array(z.object({ function: z.object({ name: z.string() }) })),
      }),
    }),
  ],
  'must be "auto", "none", "required", one named function or "allowed_tools"',
);

export const Tokens = z.int().positive();

export const ChatCompletion = z.object({
  model: ModelName.nullish(),
  messages: z.array(WireMessage).min(1),
  stream: z.boolean().nullish(),
  stream_options: z.object({ include_usage: z.boolean().nullish() }).nullish(),
  tools: z.array(WireTool).max(128).nullish(),
  tool_choice: ToolChoice.nullish(),
  parallel_tool_calls: z.boolean().nullish(),
  /** "none" to "xhigh"; a word that nobody knows is not sent on. */
  reasoning_effort: z.string().nullish(),
  max_tokens: Tokens.nullish(),
  max_completion_tokens: Tokens.nullish(),
  temperature: z.number().min(0).max(2).nullish(),
  top_p: z.number().min(0).max(1).nullish(),
  frequency_penalty: z.number().min(-2).max(2).nullish(),
  presence_penalty: z.number().min(-2).max(2).nullish(),
  stop: z.union([z.string(), z.array(z.string()).max(16)]).nullish(),
  seed: z.int().nullish(),
  response_format: z
    .looseObject({
      type: z.enum(["text", "json_object", "json_schema"]),
      json_schema: z
        .looseObject({ schema: z.record(z.string(), z.unknown()).optional() })
        .optional(),
    })
    .nullish(),
  // What would change the answer and cannot be done is refused, not passed over.
  n: z.literal(1, "must be 1: one answer a request").nullish(),
  logprobs: z.literal(false, "must be false: log probabilities are not there").nullish(),
  top_logprobs: z.literal(0, "must be 0: log probabilities are not there").nullish(),
  modalities: z.array(z.literal("text", 'must be "text": answers are no sound')).nullish(),
  functions: z.null("must be absent: use tools").optional(),
  function_call: z.null("must be absent: use tool_choice").optional(),
});

export type ChatCompletion = z.infer<typeof ChatCompletion>;
export type WireMessage = z.infer<typeof WireMessage>;
export type WireTool = z.infer<typeof WireTool>;
