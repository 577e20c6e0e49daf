/**
 * What is looked for in a text, and how a question is put to FTS5. Chinese, Japanese and Korean are written as
 * overlapping pairs of letters: a trigram index finds no word of two syllables, and one by white space misses
 * inflected ones. Everything else is words, with the parts of an `identifierInOneWord` beside it. Pure.
 */

const CJK = String.raw`[\p{Script=Han}\p{Script=Hangul}\p{Script=Hiragana}\p{Script=Katakana}ー]`;
const CJK_RUNS = new RegExp(`${CJK}+`, "gu");
const IS_CJK = new RegExp(CJK, "u");
const PARTS = new RegExp(String.raw`${CJK}+|(?:(?!${CJK})[\p{L}\p{N}\p{M}])+`, "gu");
const CAMEL = /\p{L}*\p{Ll}\p{Lu}[\p{L}\p{N}]*/gu;

/** A text as the index takes it. */
export function toWords(text: string): string {
  const plain = text.normalize("NFKC");
  const paired = plain.replaceAll(CJK_RUNS, (run) => ` ${pairs(run).join(" ")} `);
  const parts = plain.match(CAMEL)?.map((word) => word.replaceAll(/(?<=\p{Ll})(?=\p{Lu})/gu, " "));
  return parts ? `${paired} ${parts.join(" ")}` : paired;
}

/** Overlapping pairs, and the last letter by itself, so that one letter alone is found wherever it stands. */
function pairs(run: string): string[] {
  const letters = Array.from(run);
  return letters.map((letter, at) => letter + (letters[at + 1] ?? ""));
}

/**
 * One thing that is looked for: how FTS5 is asked for it (as a word, as the beginning of one, and by any part of
 * it), and how it is seen in a line.
 */
export type Term = { word: string; beginning: string; parts: readonly string[]; seen: string };

/** A question of more words is about its first ones; each costs time. */
const MAX_TERMS = 16;

/** Words in nearly every text: where not every word has to be there, they say nothing and cost the most. */
const COMMON = new Set(
  `a an and are as at be by can do does for from has have how i in is it its me my not of on or our so that the
  their there they this to was we were what when where which who why will with you your der die das den dem ein
  eine und ist im in zu mit von auf für nicht wie was wer wo`.split(/\s+/),
);

/** The terms of a question; none where it has neither a letter nor a digit. */
export function toTerms(query: string): Term[] {
  const found = query.normalize("NFKC").toLowerCase().match(PARTS) ?? [];
  const terms = [...new Set(found)].slice(0, MAX_TERMS).map((word) => toTerm(word));
  const telling = terms.filter(({ seen }) => !COMMON.has(seen));
  return telling.length > 0 ? telling : terms;
}

function toTerm(word: string): Term {
  if (!IS_CJK.test(word)) {
    const stem = stemOf(word);
    const beginning = stem.length >= MIN_PREFIX ? `"${stem}"*` : `"${word}"`;
    return { word: `"${word}"`, beginning, parts: [beginning], seen: stem };
  }
  const letters = pairs(word).slice(0, -1);
  const one = `"${word}"*`;
  if (letters.length === 0) return { word: one, beginning: one, parts: [one], seen: word };
  // As a phrase the pairs are the word itself; one by one they find its other forms as well.
  const phrase = `"${letters.join(" ")}"`;
  return { word: phrase, beginning: phrase, parts: letters.map((pair) => `"${pair}"`), seen: word };
}

/** Shorter beginnings are of too many words. */
const MIN_PREFIX = 3;

/** The beginning that the forms of an English word share, as far as it is seen; the index has a better stemmer. */
function stemOf(word: string): string {
  if (word.length > 4 && word.endsWith("ies")) return word.slice(0, -3);
  return word.length > 3 && /[^s]s$/.test(word) ? word.slice(0, -1) : word;
}

/**
 * Asks for passages that have all of the terms as words, all as beginnings of words, or any part of any of them:
 * each finds more than the one before, and takes longer.
 */
export function toMatch(terms: readonly Term[], which: "words" | "beginnings" | "any"): string {
  if (which === "words") return terms.map(({ word }) => word).join(" AND ");
  if (which === "beginnings") return terms.map(({ beginning }) => beginning).join(" AND ");
  return [...new Set(terms.flatMap(({ parts }) => parts))].join(" OR ");
}

/** A line as `Term.seen` is looked for in it. */
export const toSeen = (line: string): string =>
  line.normalize("NFKD").replaceAll(/\p{M}/gu, "").normalize("NFKC").toLowerCase();
