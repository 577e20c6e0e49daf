/** What the HTTP dialects do alike when they send back what was said before. */

import { isJsonObject } from "../base/json.ts";
import type { Message, ToolCall } from "../protocol/message.ts";
import { neutraliseJson } from "./hostile.ts";

/**
 * The bytes of a call's arguments as they were, so that the server finds its prefix again. Bytes that
 * hold a control token would forge a turn, and bytes that are no JSON object make servers refuse the
 * whole request: those two are not replayed as they were.
 */
export function toReplayedArguments({ argumentsJson }: ToolCall): string {
  const safe = neutraliseJson(argumentsJson);
  return isJsonObject(safe) ? safe : "{}";
}

/** Some servers render an empty result as `None`. */
export const toResultText = (text: string) => (text === "" ? "(empty)" : text);

export const toUserText = ({ text, context }: Extract<Message, { role: "user" }>) =>
  context ? `${text}\n\n${context}` : text;

/** Encodes each object once: a history of twenty turns is not written anew for the twenty-first. */
export function encodeOnce<T extends object>(encode: (value: T) => string): (value: T) => string {
  const encoded = new WeakMap<T, string>();
  return (value) => {
    const known = encoded.get(value);
    if (known !== undefined) return known;
    const text = encode(value);
    encoded.set(value, text);
    return text;
  };
}

/** Ids of calls that were made before: one that a server gives twice would mix up two results. */
export function knownCallIds(messages: readonly Message[]): Set<string> {
  const ids = new Set<string>();
  for (const message of messages) {
    if (message.role === "assistant") for (const call of message.toolCalls) ids.add(call.id);
  }
  return ids;
}

/** The id of a new call: the server's own, unless it gave none or one that was used before. */
export function takeCallId(
  id: string,
  { usedIds, newCallId }: { usedIds: Set<string>; newCallId: () => string },
): string {
  const taken = id === "" || usedIds.has(id) ? newCallId() : id;
  usedIds.add(taken);
  return taken;
}
