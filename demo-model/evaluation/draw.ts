/** Draws names and texts for one case, of held-out words and endings only. No word comes twice in a case. */

import type { Language, Stock } from "./held-out.ts";
import type { Random } from "./random.ts";

export interface Draw {
  readonly random: Random;
  readonly language: Language;
  /** Everything that was drawn, newest last. */
  readonly drawn: readonly string[];
  /** No word is a part of another one of its case, so that a search cannot find too much. */
  word(): string;
  words(count: number): string[];
  /** A path that is new in this case. */
  file(more?: { folder?: string; ending?: string }): string;
  /** A name without an ending, in lower-case letters. */
  name(): string;
  folder(): string;
  /** One that no other file of this case will have. */
  ending(): string;
  /** What a person has written into a file: up to eight words. */
  content(quoted: boolean): string;
  /** The text of a file that is there already. A long one is more than an answer must repeat. */
  text(mayBeLong?: boolean): string;
  /** Other files, which nobody asks for. */
  others(most: number): Record<string, string>;
}

export function createDraw(random: Random, language: Language, stock: Stock): Draw {
  const drawn: string[] = [];
  const left = { en: random.shuffled(stock.words), ko: random.shuffled(stock.koreanWords) };
  const endings = random.shuffled(stock.endings);
  const keep = (text: string) => {
    drawn.push(text);
    return text;
  };
  const take = (from: Language): string => {
    const word = left[from].pop();
    if (word === undefined) throw new Error("A case drew more words than there are");
    const isFree = drawn.every((other) => !other.includes(word) && !word.includes(other));
    return isFree ? keep(word) : take(from);
  };
  /** Most people's file names are in Latin letters, whatever they speak. */
  const nameWord = () => take(language === "ko" && random.chance(0.3) ? "ko" : "en");

  const draw: Draw = {
    random,
    language,
    drawn,
    word: () => take(language),
    words: (count) => Array.from({ length: count }, draw.word),
    name: () => take("en"),
    folder: nameWord,
    ending: () => endings.pop() ?? "",
    file({ folder, ending = random.pick(endings) } = {}) {
      const stem = stemOf(random, nameWord);
      return keep(`${folder ? `${folder}/` : ""}${stem}.${ending}`);
    },
    content: (quoted) => keep(contentOf(draw, quoted)),
    text: (mayBeLong = false) => keep(textOf(draw, mayBeLong && random.chance(0.1))),
    others(most) {
      const count = random.below(most + 1);
      return Object.fromEntries(Array.from({ length: count }, () => [draw.file(), draw.text()]));
    },
  };
  return draw;
}

function stemOf(random: Random, word: () => string): string {
  const first = word();
  const shape = random.below(20);
  if (shape < 12) return first;
  if (shape < 15) return `${first}-${word()}`;
  if (shape < 17) return `${first}_${word()}`;
  if (shape < 19) return `${first}${random.between(2, 99)}`;
  return first[0]?.toUpperCase() + first.slice(1);
}

/** Punctuation only where quotes tell what belongs to it. */
function contentOf(draw: Draw, quoted: boolean): string {
  const { random } = draw;
  const count = random.chance(0.1) ? random.between(7, 8) : random.between(1, 6);
  const words = draw.words(count);
  if (random.chance(0.15)) words.splice(random.below(count + 1), 0, `${random.between(1, 999)}`);
  const text = words.join(" ");
  const style = quoted ? random.below(10) : 9;
  if (style === 0) return `${text[0]?.toUpperCase()}${text.slice(1)}.`;
  if (style === 1) return text.replace(" ", ", ");
  if (style === 2) return `${text}!`;
  return text;
}

/** A note of one to four lines, or a text of some 60 words. */
function textOf(draw: Draw, isLong: boolean): string {
  const { random } = draw;
  const count = isLong ? random.between(12, 18) : random.between(1, 4);
  const lines = Array.from({ length: count }, () =>
    draw.words(isLong ? 4 : random.between(1, 5)).join(" "),
  );
  return lines.join("\n") + (count > 1 || random.chance(0.5) ? "\n" : "");
}
