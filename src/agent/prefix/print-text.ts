/** A print as the store keeps it: the difference from the session's print before, else a whole one. */

import { z } from "zod";

import { isSame, type Part, type Print, type PrintedMessage } from "./print.ts";

export function toText(print: Print, before: Print | undefined): string {
  const { epoch, system, tools, template, messages } = print;
  const kept = before ? keptMessages(before, print) : 0;
  return JSON.stringify({
    e: epoch,
    ...(!(before && isSame(before.system, system)) && { s: pack(system) }),
    ...(!(before && isSame(before.tools, tools)) && { t: pack(tools) }),
    p: template,
    k: kept,
    m: messages.slice(kept).map((message) => [ROLES[message.role], ...pack(message)]),
    ...(before && { d: 1 }),
  });
}

/** Undefined where the text is not what was written, or the print before it is not at hand. */
export function fromText(text: string, before: Print | undefined): Print | undefined {
  const parsed = Stored.safeParse(parseJson(text));
  if (!parsed.success || (parsed.data.d && !before)) return undefined;
  const { e, s, t, p, k, m } = parsed.data;
  const system = s ? unpack(s) : before?.system;
  const tools = t ? unpack(t) : before?.tools;
  const kept = before?.messages.slice(0, k) ?? [];
  if (!system || !tools || kept.length !== k) return undefined;
  const added = m.map(([role, bytes, blocks]): PrintedMessage => {
    return { role: NAMES[role], bytes, blocks };
  });
  return { epoch: e, system, tools, template: p, messages: [...kept, ...added] };
}

/** How many messages from the first on are the same. */
export function keptMessages(before: Print, after: Print): number {
  let kept = 0;
  for (const message of after.messages) {
    const old = before.messages[kept];
    if (!old || old.role !== message.role || !isSame(old, message)) break;
    kept++;
  }
  return kept;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined; // said by the schema
  }
}

const pack = ({ bytes, blocks }: Part) => [bytes, blocks] as const;
const unpack = ([bytes, blocks]: readonly [number, string]): Part => ({ bytes, blocks });

const ROLES = { user: "u", assistant: "a", tool: "t" } as const;
const NAMES = { u: "user", a: "assistant", t: "tool" } as const;

const Packed = z.tuple([z.number(), z.string()]);
const Stored = z.object({
  e: z.number(),
  s: Packed.optional(),
  t: Packed.optional(),
  p: z.record(z.string(), z.string()),
  k: z.number().int().min(0),
  m: z.array(z.tuple([z.enum(["u", "a", "t"]), z.number(), z.string()])),
  d: z.literal(1).optional(),
});
