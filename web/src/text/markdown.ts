/** Markdown as HTML, block by block. What it returns is not safe to show before `sanitise.ts` has seen it. */

import type { Token, TokensList } from "marked";
import { Lexer, Parser } from "marked";

export type Block = { html: string };

export interface MarkdownReader {
  /**
   * The blocks of a text. While a text grows, blocks that did not change are the same objects as the
   * last time: only the one that is being written needs to be shown again.
   */
  read(text: string): readonly Block[];
}

const OPTIONS = { gfm: true, breaks: true, async: false } as const;

export function createMarkdownReader(): MarkdownReader {
  let blocks: readonly (Block & { raw: string })[] = [];
  let definitions = "";
  return {
    read(text) {
      const list = lex(text);
      // A definition at the end changes links far above it.
      const known = definitions === (definitions = JSON.stringify(list.links)) ? blocks : [];
      const tokens = list.filter(({ type }) => type !== "space" && type !== "def");
      blocks = tokens.map((token, at) => {
        const old = known[at];
        return old?.raw === token.raw ? old : { raw: token.raw, html: toHtml(token) };
      });
      return blocks;
    },
  };
}

/**
 * Quotes in quotes without end exhaust the stack, or the patience of whoever opens the conversation. The text is
 * shown as it was written, then: an exception would take the whole page with it.
 */
function lex(text: string): TokensList {
  if (TOO_DEEP.test(text)) return asItIs(text);
  try {
    const lexer = new Lexer(OPTIONS);
    lexer.blockTokens(text.replaceAll(/\r\n|\r/g, "\n"), lexer.tokens);
    for (const { src, tokens } of lexer.inlineQueue) {
      if (isTangled(src)) tokens.push({ type: "text", raw: src, text: src, escaped: false });
      else lexer.inlineTokens(src, tokens);
    }
    return lexer.tokens;
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return asItIs(text);
  }
}

const asItIs = (text: string): TokensList =>
  Object.assign([{ type: "code", raw: text, text }], { links: {} });

/** Forty quotes or lists within each other on one line: nobody writes so, and the time grows with the square. */
const TOO_DEEP = /^(?:[ \t]*(?:>|[-*+]|\d{1,9}[.)])){40}/m;

/** A long page has a hundred; twenty thousand tildes took half a minute. */
const MAX_MARKS = 1_000;
/** As long as a short story, in one paragraph. */
const MAX_PARAGRAPH = 50_000;

/** Whether to look for emphasis and links in this paragraph would take seconds. */
const isTangled = (text: string): boolean =>
  text.length > MAX_PARAGRAPH || (text.match(/[*_~`[\]<!\\(]/g)?.length ?? 0) > MAX_MARKS;

const toHtml = (token: Token): string => Parser.parse([token], OPTIONS);
