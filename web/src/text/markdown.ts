/** Markdown as HTML, block by block. What it returns is not safe to show before `sanitise.ts` has seen it. */

import type { Token } from "marked";
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
      const list = Lexer.lex(text, OPTIONS);
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

const toHtml = (token: Token): string => Parser.parse([token], OPTIONS);
