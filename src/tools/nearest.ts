/** The lines of a file that a model probably meant when its text stands nowhere exactly. Pure. */

import { cutLine } from "./cut.ts";

/** Context shown around the nearest line. */
const LINES_SHOWN = 5;

/** Comparing is quadratic in the length of a line; more tells nothing new. */
const COMPARED_CHARS = 200;
const COMPARED_LINES = 20_000;

/** Below this two lines have a few letters in common, no more. */
const LEAST_LIKENESS = 0.4;

/** A sentence for the model: the nearest lines with their numbers, or that there are none. */
export function nearestLines(lines: readonly string[], wanted: string): string {
  const [anchor = ""] = wanted.split("\n").filter((line) => line.trim() !== "");
  const pairs = pairsOf(anchor);
  let best = { at: -1, likeness: LEAST_LIKENESS };
  for (const [at, line] of lines.slice(0, COMPARED_LINES).entries()) {
    const likeness = likenessOf(pairs, pairsOf(line));
    if (likeness > best.likeness) best = { at, likeness };
  }
  if (best.at === -1) return 'No line of it is like the first line of "old".';
  const from = Math.max(0, best.at - Math.floor(LINES_SHOWN / 2));
  const shown = lines.slice(from, from + LINES_SHOWN).map(cutLine);
  return `The nearest lines are ${from + 1}-${from + shown.length}:\n${shown.join("\n")}\n`;
}

/** Dice's coefficient over pairs of letters, white space left out: 1 for the same, 0 for nothing shared. */
function likenessOf(a: Map<string, number>, b: Map<string, number>): number {
  let shared = 0;
  for (const [pair, count] of a) shared += Math.min(count, b.get(pair) ?? 0);
  const total = sizeOf(a) + sizeOf(b);
  return total === 0 ? 0 : (2 * shared) / total;
}

const sizeOf = (pairs: Map<string, number>) => pairs.values().reduce((sum, one) => sum + one, 0);

function pairsOf(line: string): Map<string, number> {
  const text = line.slice(0, COMPARED_CHARS).replaceAll(/\s+/g, "").toLowerCase();
  const pairs = new Map<string, number>();
  for (let at = 0; at < text.length - 1; at++) {
    const pair = text.slice(at, at + 2);
    pairs.set(pair, (pairs.get(pair) ?? 0) + 1);
  }
  return pairs;
}
