/** A document cut into passages: what a search finds and a vector is made of. Pure. */

import type { PassageRow } from "../store/document-index.ts";
import type { Text } from "./read/text.ts";
import { toWords } from "./words.ts";

/** About 300 tokens: a paragraph or two, and well within the window of the smallest model for embeddings (512). */
const PASSAGE_CHARS = 1_200;
/** From so many on a passage ends where the text has an end of its own. */
const FULL_ENOUGH_CHARS = 600;

type Passage = { line: number; page?: number; text: string };

/** In order and without a gap, so that a document can be read on from any of them. Blank ones are left out. */
export function toPassages({ lines, pages }: Text, name: string): PassageRow[] {
  const passages = [...cut(lines, pages)].filter(({ text }) => text.trim() !== "");
  return passages.map((passage, at) => ({
    ...passage,
    words: toWords(passage.text),
    name: at === 0 ? toWords(name) : "",
  }));
}

function* cut(lines: readonly string[], pages: readonly number[] = []): Generator<Passage> {
  let taken: string[] = [];
  let size = 0;
  let from = 0;
  let page = 0;
  const end = (next: number): Passage => {
    const passage = {
      line: from + 1,
      ...(pages.length > 0 && { page }),
      text: taken.join("\n"),
    };
    [taken, size, from] = [[], 0, next];
    return passage;
  };
  for (const [at, line] of lines.entries()) {
    const turnsPage = pages[page] === at;
    const isFull = size + line.length > PASSAGE_CHARS;
    const isEnd = size >= FULL_ENOUGH_CHARS && (line.trim() === "" || isHeading(line));
    if (taken.length > 0 && (turnsPage || isFull || isEnd)) yield end(at);
    if (turnsPage) page += 1;
    if (line.length <= PASSAGE_CHARS) {
      taken.push(line);
      size += line.length + 1;
      continue;
    }
    // A line that is longer than a passage is several, all of that line.
    for (let start = 0; start < line.length; start += PASSAGE_CHARS) {
      taken = [line.slice(start, start + PASSAGE_CHARS)];
      from = at;
      yield end(at + 1);
    }
  }
  if (taken.length > 0) yield end(lines.length);
}

const isHeading = (line: string) => /^#{1,6} /.test(line);
