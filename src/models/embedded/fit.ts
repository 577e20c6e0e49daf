/** Makes a prompt fit the context: the oldest exchanges go whole, then what a tool answered is cut. */

import type { Piece, Prompt } from "./prompt.ts";
import type { Tokenizer } from "./tokenizer.ts";

/** What the model does not see. */
export type Loss = {
  /** Exchanges left out. */
  dropped: number;
  /** To how many tokens the results of tools were cut, where they were. */
  resultTokens?: number;
};

export type Fit = Loss & { tokens: number[] };

/** Room for an answer: a call that writes a sentence, or a closing sentence with a list of files. */
const ANSWER_TOKENS = 128;

const LONGEST_TOKEN = 64; // characters; words of ours are shorter

type Part = { tokens: number[]; isResult: boolean };

/** Undefined when even the last exchange does not fit, with its results cut to nothing. */
export function fitPrompt(
  prompt: Prompt,
  tokenizer: Tokenizer,
  contextTokens: number,
): Fit | undefined {
  // Longer texts are too long in any case, and need not be spelled out to know it.
  const longest = contextTokens * LONGEST_TOKEN;
  const spell = (pieces: readonly Piece[]): Part[] =>
    pieces.map((piece) =>
      "frame" in piece
        ? { tokens: tokenizer.frame(piece.frame), isResult: false }
        : { tokens: tokenizer.text(piece.text.slice(0, longest)), isResult: piece.result === true },
    );
  const head = spell(prompt.head);
  const tail = spell(prompt.tail);
  const exchanges = prompt.exchanges.map(spell);
  const room = contextTokens - ANSWER_TOKENS - count(head) - count(tail);

  let dropped = 0;
  // The answer to a result repeats it, so results of the last exchange need their room twice.
  let need =
    exchanges.reduce((sum, parts) => sum + count(parts), 0) + countResults(exchanges.at(-1));
  while (need > room && dropped < exchanges.length - 1) {
    need -= count(exchanges[dropped] ?? []);
    dropped += 1;
  }
  const kept = exchanges.slice(dropped);
  const isCut = need > room;
  if (isCut && !cutResults(kept[0], Math.ceil((need - room) / 2))) return undefined;
  const tokens = [head, ...kept, tail].flat().flatMap((part) => part.tokens);
  return { tokens, dropped, ...(isCut && { resultTokens: countResults(kept[0]) }) };
}

const count = (parts: readonly Part[]) => parts.reduce((sum, part) => sum + part.tokens.length, 0);

const countResults = (parts: readonly Part[] = []) => count(parts.filter((part) => part.isResult));

/** Takes `excess` tokens from the ends of results, the longest first. False when there are too few. */
function cutResults(parts: readonly Part[] = [], excess: number): boolean {
  const results = parts.filter((part) => part.isResult);
  if (count(results) < excess) return false;
  for (let rest = excess; rest > 0;) {
    const longest = results.reduce((a, b) => (b.tokens.length > a.tokens.length ? b : a));
    const others = results.filter((part) => part !== longest).map((part) => part.tokens.length);
    // Down to the next longest at a time, so that a short result beside a long one stays whole.
    const step = Math.min(rest, Math.max(1, longest.tokens.length - Math.max(0, ...others)));
    longest.tokens.length -= step;
    rest -= step;
  }
  return true;
}
