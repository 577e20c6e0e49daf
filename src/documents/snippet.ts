/** The lines of a passage that say why it was found. Pure. */

import { type Term, toSeen } from "./words.ts";

export type Snippet = { line: number; text: string };

const LINES = 3;
const LINE_CHARS = 240;

/** Up to three lines from the one with the most terms on; `line` is the first one's number. */
export function toSnippet(
  passage: { line: number; text: string },
  terms: readonly Term[],
): Snippet {
  const lines = passage.text.split("\n");
  const counts = lines.map((line) => count(line, terms));
  const best = Math.max(0, counts.indexOf(Math.max(...counts)));
  const shown = lines.slice(best, best + LINES).map((line) => around(line.trim(), terms));
  return { line: passage.line + best, text: shown.join("\n").trimEnd() };
}

function count(line: string, terms: readonly Term[]): number {
  const text = toSeen(line);
  return terms.filter(({ seen }) => text.includes(toSeen(seen))).length;
}

/** A long line is shown where it says something. */
function around(line: string, terms: readonly Term[]): string {
  if (line.length <= LINE_CHARS) return line;
  const text = line.toLowerCase();
  const places = terms.map(({ seen }) => text.indexOf(seen)).filter((at) => at >= 0);
  const from = Math.max(0, Math.min(...places, line.length) - LINE_CHARS / 3);
  const start = places.length === 0 ? 0 : Math.floor(from);
  const cut = line.slice(start, start + LINE_CHARS);
  return `${start > 0 ? "…" : ""}${cut}${start + LINE_CHARS < line.length ? "…" : ""}`;
}
