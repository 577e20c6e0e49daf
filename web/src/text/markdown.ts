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
 * Quotes in quotes without end exhaust the stack. The text is shown as it was written, then: an exception
 * would take the whole page with it, each time the conversation is opened.
 */
function lex(text: string): TokensList {
  try {
    return Lexer.lex(text, OPTIONS);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    return Object.assign([{ type: "code", raw: text, text }], { links: {} });
  }
}

const toHtml = (token: Token): string => Parser.parse([token], OPTIONS);
