/**
 * A client's messages as an agent's history, or as a model's messages. Pure. Control tokens in a request's
 * text are made harmless here, also in the client's own: it may quote a file that nobody read.
 */

import { Fault } from "../../base/fault.ts";
import { neutralise, restore } from "../../models/hostile.ts";
import { Images } from "../../protocol/image.ts";
import type { Image, Message } from "../../protocol/message.ts";
import type { ChatCompletion, WireMessage } from "./wire.ts";

export type History = {
  role: "user" | "assistant" | "system";
  text: string;
  images?: readonly Image[];
}[];

/** Throws `REQUEST_INVALID` where a client expects what an agent does not do. */
export function toAgentHistory({ messages, tools }: ChatCompletion): History {
  if (tools && tools.length > 0) {
    throw invalid(
      "tools",
      'must be absent: an agent acts with its own; ask "provider/model" instead',
    );
  }
  const history = messages.map((message, index) => {
    if (message.role === "tool" || (message.role === "assistant" && message.tool_calls?.length)) {
      throw invalid(`messages.${index}`, "must be text: an agent makes its own tool calls");
    }
    const role = message.role === "developer" ? "system" : message.role;
    const where = `messages.${index}.content`;
    if (message.role === "user") return { role, ...toTextAndImages(message.content, where) };
    return { role, text: toText(message.content ?? "", where) };
  });
  lastOfUser(history);
  return history;
}

/** What a stored session is told: it knows what came before. */
export function lastOfUser(history: History): { text: string; images?: readonly Image[] } {
  const last = history.at(-1);
  if (last?.role !== "user" || (last.text === "" && !last.images)) {
    throw invalid("messages", "must end with a message of the user that says something");
  }
  return { text: last.text, ...(last.images && { images: last.images }) };
}

/** A dialect has one place for it, before everything else: later ones move there, in order. */
export function toSystem(messages: readonly WireMessage[]): string {
  return messages
    .flatMap((message, index) =>
      message.role === "system" || message.role === "developer"
        ? [neutralise(toText(message.content, `messages.${index}.content`))]
        : [],
    )
    .join("\n\n");
}

export function toMessages(messages: readonly WireMessage[]): Message[] {
  /** Which tool each call was for: a tool's message names the call only. */
  const toolOf = new Map<string, string>();
  return messages.flatMap((message, index): Message[] => {
    const where = `messages.${index}`;
    switch (message.role) {
      case "system":
      case "developer":
        return [];
      case "user": {
        const said = toTextAndImages(message.content, `${where}.content`);
        return [{ role: "user", ...said, text: neutralise(said.text) }];
      }
      case "assistant": {
        const toolCalls = (message.tool_calls ?? []).map((call) => ({
          id: call.id,
          tool: call.function.name,
          argumentsJson: call.function.arguments,
        }));
        for (const call of toolCalls) toolOf.set(call.id, call.tool);
        const text = message.content == null ? "" : toText(message.content, `${where}.content`);
        const reasoning = message.reasoning_content;
        return [
          {
            role: "assistant",
            text: neutraliseOwn(text),
            toolCalls,
            ...(reasoning ? { reasoning: neutraliseOwn(reasoning) } : {}),
          },
        ];
      }
      case "tool": {
        const callId = message.tool_call_id;
        const tool = toolOf.get(callId);
        if (tool === undefined) {
          throw invalid(`${where}.tool_call_id`, "must be the id of an earlier tool call");
        }
        const said = toTextAndImages(message.content, `${where}.content`);
        return [{ role: "tool", callId, tool, ...said, text: neutralise(said.text), ok: true }];
      }
    }
  });
}

/** What a model wrote may hold neutral forms already. */
const neutraliseOwn = (text: string) => neutralise(restore(text));

type Content = Extract<WireMessage, { role: "user" }>["content"];

/** Of what a user or a tool says: its text, and the images beside it. */
function toTextAndImages(content: Content, where: string): { text: string; images?: Image[] } {
  if (typeof content === "string") return { text: content };
  const text = toText(content, where, isImage);
  const given = content.flatMap((part, index) =>
    isImage(part) ? [toImage(part, `${where}.${index}.image_url`)] : [],
  );
  if (given.length === 0) return { text };
  const images = Images.safeParse(given);
  if (!images.success) throw invalid(where, images.error.issues[0]?.message ?? "has no image");
  return { text, images: images.data };
}

/** `data:` alone: to fetch an address would let whoever writes a message choose where this machine connects. */
function toImage({ image_url: given }: { image_url?: ImageUrl | undefined }, where: string) {
  const url = typeof given === "string" ? given : (given?.url ?? "");
  const [, data] = /^data:image\/[a-z+.-]+;base64,(.*)$/is.exec(url) ?? [];
  if (data !== undefined) return { name: "image", data };
  const why = /^https?:/i.test(url)
    ? "an address is not fetched, since that would be a connection to wherever a message says"
    : "nothing else is read";
  throw invalid(where, `must be a URL "data:image/…;base64,…": ${why}`);
}

type ImageUrl = string | { url: string };

const isImage = ({ type }: { type: string }) => type === "image_url";

/** The texts among the parts; those that `isElsewhere` are read by somebody else. */
function toText(
  content: Content,
  where: string,
  isElsewhere: (part: { type: string }) => boolean = () => false,
): string {
  if (typeof content === "string") return content;
  return content
    .flatMap((part, index) => {
      if (isElsewhere(part)) return [];
      if (part.type === "text" && part.text !== undefined) return [part.text];
      throw invalid(
        `${where}.${index}`,
        `must be a part of type "text", or "image_url" in what a user or a tool says: others are not taken`,
      );
    })
    .join("\n");
}

export const invalid = (field: string, detail: string) =>
  new Fault("REQUEST_INVALID", { where: `field "${field}"`, detail });
