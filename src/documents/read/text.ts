/** Bytes of a file as lines of text. Pure. */

import type { Buffer } from "node:buffer";

/** What was read of a document: its lines, and where each page begins (from 0), where it has pages. */
export type Text = { lines: string[]; pages?: number[] };

/** Why nothing was read of a file; a person is shown it. */
export class LeftOut extends Error {
  override readonly name = "LeftOut";
}

/** As far as git looks for a zero byte, which no text has. */
const LOOKED_AT_BYTES = 8_000;

/** Of a hundred characters more than so many that are no text: something else under a text's name. */
const MAX_ODD_PERCENT = 5;

/** Throws `LeftOut` for what is no text. */
export function readText(bytes: Buffer): Text {
  const text = decode(bytes);
  const odd = text.slice(0, LOOKED_AT_BYTES).match(ODD)?.length ?? 0;
  if (odd * 100 > Math.min(text.length, LOOKED_AT_BYTES) * MAX_ODD_PERCENT)
    throw new LeftOut(BINARY);
  return { lines: toLines(text) };
}

const BINARY = "it is not text";
// oxlint-disable-next-line no-control-regex -- what it is looked for
const ODD = /[\u0000-\u0008\u000e-\u001a\u001c-\u001f\ufffd]/g;

/**
 * UTF-8, UTF-16 with its mark, or else what Korean and Western Windows write (EUC-KR with its extensions,
 * windows-1252): old notes are in those. A text that is EUC-KR throughout is hardly ever anything else.
 */
function decode(bytes: Buffer): string {
  const mark = bytes.subarray(0, 2).toString("hex");
  if (mark === "fffe") return new TextDecoder("utf-16le").decode(bytes);
  if (mark === "feff") return new TextDecoder("utf-16be").decode(bytes);
  if (bytes.subarray(0, LOOKED_AT_BYTES).includes(0)) throw new LeftOut(BINARY);
  for (const encoding of ["utf-8", "euc-kr"]) {
    try {
      return new TextDecoder(encoding, { fatal: true }).decode(bytes);
    } catch {
      continue; // not in this one
    }
  }
  return new TextDecoder("windows-1252").decode(bytes);
}

export const toLines = (text: string): string[] =>
  text === "" ? [] : text.replace(/\r?\n$/, "").split(/\r\n|\n|\r/);
