/**
 * What `/v1/responses` takes (https://platform.openai.com/docs/api-reference/responses/create). Clients send
 * null for what they leave open, and fields that this gateway has no use for; the latter are dropped here.
 */

import { z } from "zod";

import { ModelName, Tokens } from "../openai/wire.ts";

const Part = z.object({
  type: z.string(),
  text: z.string().optional(),
  refusal: z.string().optional(),
  image_url: z.string().nullish(),
});
const Content = z.union([z.string(), z.array(Part)], "must be text or an array of parts");
const TextParts = z.array(z.object({ text: z.string() })).nullish();

const MessageItem = z.object({
  type: z.literal("message").default("message"),
  role: z.enum(["user", "assistant", "system", "developer"]),
  content: Content,
});

export const Item = z.union(
  [
    MessageItem,
    z.object({
      type: z.literal("function_call"),
      call_id: z.string().min(1),
      name: z.string().min(1),
      arguments: z.string(),
    }),
    z.object({
      type: z.literal("function_call_output"),
      call_id: z.string().min(1),
      output: Content,
    }),
    /** What a model thought; what is encrypted in it is another server's. */
    z.object({ type: z.literal("reasoning"), summary: TextParts, content: TextParts }),
    z.object({ type: z.literal("item_reference").default("item_reference"), id: z.string() }),
  ],
  "must be a message, function_call, function_call_output, reasoning or item_reference",
);
export type Item = z.infer<typeof Item>;

export const Items = z.array(Item);

/** Text alone is one message of the user. */
const Input = z.preprocess(
  (input) => (typeof input === "string" ? [{ role: "user", content: input }] : input),
  z.array(Item, "must be text or an array of items").min(1),
);

const Tool = z.object({
  type: z.literal("function", 'must be "function": this gateway has no tools of the server'),
  name: z.string().regex(/^[\w.-]{1,64}$/, "must be 1 to 64 letters, digits, _, - or ."),
  description: z.string().nullish(),
  parameters: z.record(z.string(), z.unknown()).nullish(),
  strict: z.boolean().nullish(),
});

const Named = z.object({ type: z.literal("function"), name: z.string() });
const ToolChoice = z.union(
  [
    z.enum(["auto", "none", "required"]),
    Named,
    z.object({
      type: z.literal("allowed_tools"),
      mode: z.enum(["auto", "required"]),
      tools: z.array(Named),
    }),
  ],
  'must be "auto", "none", "required", one named function or "allowed_tools"',
);

const Format = z.discriminatedUnion("type", [
  z.object({ type: z.literal("text") }),
  z.object({ type: z.literal("json_object") }),
  z.object({
    type: z.literal("json_schema"),
    name: z.string().default("answer"),
    schema: z.record(z.string(), z.unknown()),
    strict: z.boolean().nullish(),
  }),
]);

export const ResponseCreate = z.object({
  model: ModelName.nullish(),
  input: Input,
  instructions: z.string().nullish(),
  previous_response_id: z.string().max(100).nullish(),
  store: z.boolean().nullish(),
  stream: z.boolean().nullish(),
  max_output_tokens: Tokens.nullish(),
  temperature: z.number().min(0).max(2).nullish(),
  top_p: z.number().min(0).max(1).nullish(),
  tools: z.array(Tool).max(128).nullish(),
  tool_choice: ToolChoice.nullish(),
  parallel_tool_calls: z.boolean().nullish(),
  reasoning: z.object({ effort: z.string().nullish() }).nullish(),
  text: z.object({ format: Format.nullish() }).nullish(),
  metadata: z.record(z.string(), z.string()).nullish(),
  user: z.string().nullish(),
  // What would change the answer and cannot be done is refused, not passed over.
  background: z.literal(false, "must be false: an answer is made while its client waits").nullish(),
  conversation: z.null("must be absent: use previous_response_id").optional(),
  prompt: z.null("must be absent: prompts are not stored here").optional(),
  top_logprobs: z.literal(0, "must be 0: log probabilities are not there").nullish(),
});

export type ResponseCreate = z.infer<typeof ResponseCreate>;
