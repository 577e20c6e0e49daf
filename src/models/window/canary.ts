/**
 * A word at each end of a prompt that fills the window. Who can say both has read everything; where the
 * model is too weak for that, the count of tokens tells. Pure.
 */

export type Canary = { head: string; tail: string };

/** Words that every tokenizer has; taken in turns, so that nothing repeats in a way that is cut short. */
const WORDS =
  "river stone green table music paper summer window bread garden winter letter bridge coffee silver number".split(
    " ",
  );

export function canaryText({ head, tail }: Canary, words: number): string {
  const filler = Array.from({ length: words }, (_, at) => WORDS[at % WORDS.length]);
  return `Remember two words. The first is ${head}.\n${filler.join(" ")}\nThe second is ${tail}. Write both words and nothing else.`;
}

/** What the window is filled to: the rest is for the template and the answer. */
export const FILLED_SHARE = 0.92;

/** Tokens of a prompt with so many words, from what a server counted of two short ones. */
export function fitWords(
  short: { words: number; tokens: number },
  long: { words: number; tokens: number },
  contextTokens: number,
): { words: number; tokens: number } {
  const perWord = Math.max(0.25, (long.tokens - short.tokens) / (long.words - short.words));
  const overhead = short.tokens - short.words * perWord;
  const words = Math.max(0, Math.floor((contextTokens * FILLED_SHARE - overhead) / perWord));
  return { words, tokens: Math.round(overhead + words * perWord) };
}

/**
 * `whole`: both ends were read. `counted`: the server counted all of it, and the model could not repeat the
 * words. `cut`: a part of it was dropped, and the server said nothing.
 */
export type Verdict = { state: "whole" | "counted" | "cut"; heldTokens: number };

/** A template of another length, or words that are counted otherwise, make less of a difference. */
const CLEARLY_FEWER = 0.9;

export function judgeCanary(
  canary: Canary,
  answer: { said: string; readTokens: number; sentTokens: number; contextTokens: number },
): Verdict {
  const { said, readTokens, sentTokens, contextTokens } = answer;
  const words = said.toLowerCase();
  const [head, tail] = [words.includes(canary.head), words.includes(canary.tail)];
  if (readTokens < sentTokens * CLEARLY_FEWER) return { state: "cut", heldTokens: readTokens };
  return { state: head && tail ? "whole" : "counted", heldTokens: contextTokens };
}
