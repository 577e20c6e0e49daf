/**
 * What may stand in a listing that is handed on: the fields below. Paths of the machine, and models that run
 * elsewhere behind a server of this one, are left out.
 */

import { z } from "zod";

const Details = z.object({
  format: z.string().optional(),
  family: z.string().optional(),
  families: z.array(z.string()).nullish(),
  parameter_size: z.string().optional(),
  quantization_level: z.string().optional(),
});

const Named = z.object({
  name: z.string(),
  model: z.string().optional(),
  size: z.number().optional(),
  digest: z.string().optional(),
  modified_at: z.string().optional(),
  details: Details.nullish(),
  size_vram: z.number().optional(),
  expires_at: z.string().optional(),
  context_length: z.number().optional(),
});

/** With what tells that a model runs at somebody else's. */
const Tag = Named.extend({
  remote_host: z.string().optional(),
  remote_model: z.string().optional(),
});
export type Tag = z.infer<typeof Tag>;

export const Tags = z.object({
  models: z
    .array(Tag)
    .nullish()
    .transform((list) => list ?? []),
});
export const toPlainTag = (tag: Tag) => Named.parse(tag);

export const Version = z.object({ version: z.string() });

export const Show = z.object({
  license: z.string().optional(),
  parameters: z.string().optional(),
  template: z.string().optional(),
  system: z.string().optional(),
  details: Details.nullish(),
  model_info: z.record(z.string(), z.unknown()).nullish(),
  capabilities: z.array(z.string()).optional(),
  modified_at: z.string().optional(),
});

const Listed = z.object({
  id: z.string(),
  object: z.literal("model").optional(),
  created: z.number().optional(),
  owned_by: z.string().nullish(),
  max_model_len: z.number().nullish(),
  meta: z.record(z.string(), z.union([z.number(), z.string(), z.boolean()])).nullish(),
});
export const Models = z.object({ object: z.literal("list").optional(), data: z.array(Listed) });

export const Props = z.object({
  default_generation_settings: z.object({ n_ctx: z.number().optional() }).nullish(),
  total_slots: z.number().optional(),
  chat_template: z.string().optional(),
  chat_template_caps: z.record(z.string(), z.boolean()).nullish(),
  modalities: z.record(z.string(), z.boolean()).nullish(),
  build_info: z.string().optional(),
});

export const Health = z.object({ status: z.string() });
