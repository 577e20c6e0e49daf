/** Where a prompt stopped being the continuation of the one before it. Pure. */

import { firstDifference, isSame, type Print } from "./print.ts";
import { keptMessages } from "./print-text.ts";

export type Change = {
  component: "system" | "tools" | "template" | "history";
  /**
   * The first byte that changed, counted through system text, tools and messages in this order, and from the
   * beginning of the component or message. To the block of 64 bytes, until `exact`.
   */
  byte: number;
  within: number;
  exact: boolean;
  /** History: the message, from 0, and whose it was. */
  message?: { index: number; role: string };
  /** Template: the names of what changed. */
  names?: string[];
  /** The share of the prompt before that still stands. */
  keptShare: number;
};

/** Undefined where `after` goes on where `before` ended, or is the same. */
export function comparePrints(before: Print, after: Print): Change | undefined {
  const total = Math.max(1, sum(before));
  const at = (byte: number) => ({ byte, keptShare: byte / total });
  const names = changedNames(before.template, after.template);
  if (names.length > 0) {
    return { component: "template", ...at(0), within: 0, exact: true, names };
  }
  if (!isSame(before.system, after.system)) {
    const within = firstDifference(before.system, after.system);
    return { component: "system", ...at(within), within, exact: false };
  }
  if (!isSame(before.tools, after.tools)) {
    const within = firstDifference(before.tools, after.tools);
    return { component: "tools", ...at(before.system.bytes + within), within, exact: false };
  }
  const index = keptMessages(before, after);
  const old = before.messages[index];
  if (!old) return undefined;
  const now = after.messages[index];
  const within = now && now.role === old.role ? firstDifference(old, now) : 0;
  const start = sum({ ...before, messages: before.messages.slice(0, index) });
  const message = { index, role: old.role };
  return { component: "history", ...at(start + within), within, exact: false, message };
}

/** The exact byte, where both texts are at hand. */
export function firstByteOf(before: string, after: string): number {
  const a = Buffer.from(before);
  const b = Buffer.from(after);
  let at = 0;
  while (at < a.length && at < b.length && a[at] === b[at]) at++;
  return at;
}

const sum = ({ system, tools, messages }: Print) =>
  messages.reduce((bytes, message) => bytes + message.bytes, system.bytes + tools.bytes);

function changedNames(
  before: Readonly<Record<string, string>>,
  after: Readonly<Record<string, string>>,
): string[] {
  const names = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...names].filter((name) => before[name] !== after[name]).toSorted();
}
