/**
 * A page of HTML as the text that a person would read, in Markdown: headings, lists, tables, links. Only read:
 * no script runs, nothing is fetched. Scripts, styles, frames, menus and what the page hides are left out.
 */

import { setImmediate } from "node:timers/promises";

import type { Parser } from "htmlparser2";

import { createTextWriter, type TextWriter } from "./text-writer.ts";

export type HtmlText = {
  title: string;
  text: string;
  /** Whether the page nests deeper than any page does, and its rest was not read. */
  isTooDeep: boolean;
};

/** Of no use to a reader, or not part of what the page says. */
const LEFT_OUT = new Set(
  `script style noscript template svg math iframe object embed canvas audio video head nav footer form button
  select textarea dialog map`.split(/\s+/),
);

/** Where a page says that its own text stands; what is beside it is menus and the like. */
const MAIN = new Set(["main", "article"]);
/** A shorter one is a stub that a script fills, and the rest of the page says more. */
const LEAST_MAIN_CHARS = 200;

/** As deep as browsers go. Beyond it each end tag is looked for in an ever longer list. */
const MAX_DEPTH = 512;
/** Between two looks at the depth; others get their turn then, for a page made to take long takes a second. */
const CHUNK_CHARS = 16_384;

/** `base` is what relative links are resolved against. */
export async function htmlToText(html: string, base: URL, signal: AbortSignal): Promise<HtmlText> {
  const page = createPage(base);
  const parser = await createParser(page);
  let at = 0;
  for (; at < html.length && page.depth() <= MAX_DEPTH; at += CHUNK_CHARS) {
    parser.write(html.slice(at, at + CHUNK_CHARS));
    await setImmediate();
    signal.throwIfAborted();
  }
  const isTooDeep = page.depth() > MAX_DEPTH;
  if (!isTooDeep) parser.end();
  return { ...page.read(), isTooDeep };
}

/** Loaded with the first page: it takes 25 ms, for which no start waits. */
async function createParser(page: Page): Promise<Parser> {
  const { Parser } = await import("htmlparser2");
  const { open: onopentag, close: onclosetag, text: ontext } = page;
  return new Parser({ onopentag, onclosetag, ontext }, { decodeEntities: true });
}

type Attributes = Readonly<Record<string, string>>;
type Page = ReturnType<typeof createPage>;

function createPage(base: URL) {
  const whole = createTextWriter(base);
  const main = createTextWriter(base);
  let title = "";
  let depth = 0;
  /** Depths at which something that is left out, or the main text, began; undefined while in none. */
  let hiddenFrom: number | undefined;
  let mainFrom: number | undefined;
  let inTitle = false;

  const writers = (): TextWriter[] => (mainFrom === undefined ? [whole] : [whole, main]);
  return {
    depth: () => depth,
    open(name: string, attributes: Attributes) {
      depth += 1;
      if (name === "title" && title === "") inTitle = true;
      if (hiddenFrom !== undefined) return;
      if (LEFT_OUT.has(name) || isHidden(attributes)) hiddenFrom = depth;
      else {
        if (MAIN.has(name)) mainFrom ??= depth;
        for (const writer of writers()) writer.open(name, attributes);
      }
    },
    close(name: string) {
      if (name === "title") inTitle = false;
      if (hiddenFrom === undefined) for (const writer of writers()) writer.close(name);
      if (hiddenFrom === depth) hiddenFrom = undefined;
      if (mainFrom === depth) mainFrom = undefined;
      depth -= 1;
    },
    text(data: string) {
      if (inTitle) title += data;
      else if (hiddenFrom === undefined) for (const writer of writers()) writer.text(data);
    },
    read() {
      const own = main.read();
      const text = own.length >= LEAST_MAIN_CHARS ? own : whole.read();
      return { title: title.replaceAll(/\s+/g, " ").trim(), text };
    },
  };
}

/** What the page itself says nobody should see. A style sheet could say so too; none is read. */
function isHidden({ hidden, style = "", "aria-hidden": aria }: Attributes): boolean {
  if (hidden !== undefined || aria === "true") return true;
  return /display\s*:\s*none|visibility\s*:\s*hidden|font-size\s*:\s*0|opacity\s*:\s*0(?![.\d])/i.test(
    style,
  );
}
