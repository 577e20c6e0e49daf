/**
 * The chain through the ledger: each line carries its number `n` and a `hash` of itself and of the hash
 * before it, so that a line that was changed, removed, moved or put in shows. Pure, but for hashing.
 *
 * What is hashed: the 64 digits of the hash before, then the bytes of the line up to `,"hash":"`. The first
 * line of a file also has `prev`, the hash before it; the very first hash before is 64 zeros.
 */

import { hash } from "node:crypto";

/** The last line of a chain: its number and its hash. */
export type ChainHead = { n: number; hash: string };

/** Before the first line. */
export const CHAIN_START: ChainHead = { n: 0, hash: "0".repeat(64) };

/** What a line says about its place; `torn` are the bytes before it that a crash left and nobody vouches for. */
export type ChainMark = ChainHead & { prev?: string; torn?: number };

/** The text of one more line, without its end, and the head after it. */
export function toChainLine(
  head: ChainHead,
  line: object,
  { isFirst = false, torn = 0 }: { isFirst?: boolean; torn?: number } = {},
): { text: string; head: ChainHead } {
  const n = head.n + 1;
  const marked = { ...line, n, ...(isFirst && { prev: head.hash }), ...(torn > 0 && { torn }) };
  const before = JSON.stringify(marked).slice(0, -1);
  const digest = digestOf(head.hash, before);
  return { text: `${before},"hash":"${digest}"}`, head: { n, hash: digest } };
}

/** What a line says about its place; undefined for one that is in no chain. */
export function readMark(text: string): ChainMark | undefined {
  if (!ENDING.test(text)) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined; // cut by a crash, or by somebody: who checks the chain says so
  }
  const { n, hash: own, prev, torn } = Object(value) as Record<string, unknown>;
  if (typeof n !== "number" || typeof own !== "string") return undefined;
  return {
    n,
    hash: own,
    ...(typeof prev === "string" && { prev }),
    ...(typeof torn === "number" && { torn }),
  };
}

/** Whether the line's hash is the one that it must have behind this one. */
export function followsFrom(before: string, text: string): boolean {
  const at = text.search(ENDING);
  return at >= 0 && text.slice(at + MARK.length, -2) === digestOf(before, text.slice(0, at));
}

/** Where the chain in a file ends, and how many bytes behind that belong to none. */
export function readHead(bytes: Uint8Array): { head: ChainHead; torn: number } | undefined {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  for (let end = text.length; end > 0;) {
    const start = text.lastIndexOf("\n", end - 2) + 1;
    const mark = readMark(text.toString("utf8", start, end).replace(/\n$/, ""));
    if (mark) return { head: { n: mark.n, hash: mark.hash }, torn: text.length - end };
    end = start;
  }
  return undefined;
}

const MARK = ',"hash":"';
const ENDING = /,"hash":"[0-9a-f]{64}"\}$/;

const digestOf = (before: string, text: string) => hash("sha256", before + text);
