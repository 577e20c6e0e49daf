/** What stands in the store as JSON, read back through a schema: a damaged row is a fault, not a riddle. */

import { z } from "zod";

import { Fault, type FaultReport } from "../base/fault.ts";
import { SCOPES } from "../protocol/api.ts";
import { IMAGE_TYPES, type Message } from "../protocol/message.ts";

/** Throws `STORE_UNREADABLE`; `what` names the row. */
export function fromJson<T>(schema: z.ZodType<T>, json: string, what: string): T {
  try {
    return schema.parse(JSON.parse(json));
  } catch (cause) {
    const detail = "what stands there is not what was written";
    throw new Fault("STORE_UNREADABLE", { file: what, detail }, { cause });
  }
}

const Images = z
  .array(z.object({ mediaType: z.enum(IMAGE_TYPES), name: z.string(), data: z.string() }))
  .exactOptional();
const MessageRow: z.ZodType<Message> = z.discriminatedUnion("role", [
  z.object({
    role: z.literal("user"),
    text: z.string(),
    context: z.string().exactOptional(),
    images: Images,
  }),
  z.object({
    role: z.literal("assistant"),
    text: z.string(),
    reasoning: z.string().exactOptional(),
    toolCalls: z.array(z.object({ id: z.string(), tool: z.string(), argumentsJson: z.string() })),
    sealed: z
      .object({
        by: z.string(),
        items: z.array(z.object({ json: z.string(), place: z.number() })),
      })
      .exactOptional(),
  }),
  z.object({
    role: z.literal("tool"),
    callId: z.string(),
    tool: z.string(),
    text: z.string(),
    ok: z.boolean(),
    images: Images,
  }),
]);

const Messages = z.array(MessageRow);
const Scopes = z.array(z.enum(SCOPES));
const Report: z.ZodType<FaultReport> = z.object({
  code: z.string(),
  message: z.string(),
  fix: z.string(),
});

const Notes = z.array(z.object({ code: z.string(), text: z.string(), at: z.number() }));

export const toMessage = (json: string, id: string) => fromJson(MessageRow, json, `message ${id}`);
export const toMessages = (json: string, session: string) =>
  fromJson(Messages, json, `epoch of ${session}`);
export const toScopes = (json: string, id: string) => fromJson(Scopes, json, `credential ${id}`);
export const toNotes = (json: string, turn: string) => fromJson(Notes, json, `turn ${turn}`);
export const toReport = (json: string, turn: string) => fromJson(Report, json, `turn ${turn}`);
