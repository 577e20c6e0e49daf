/**
 * The readable text of an HTML page, line by line where it stands in the source, so that a line of it can be
 * cited. Tags go, and scripts, styles and comments with what is in them. Linear in the length of the page. Pure.
 */

import { toLines, type Text } from "./text.ts";

/** What is in these is not for readers. */
const SILENT = new Set(["script", "style", "noscript", "template", "svg"]);

export function readHtml(source: string): Text {
  return { lines: toLines(decodeEntities(withoutTags(source))).map(tidy) };
}

const tidy = (line: string) => line.replaceAll(/[ \t\u00a0]+/g, " ").trim();

function withoutTags(source: string): string {
  const parts: string[] = [];
  let at = 0;
  while (at < source.length) {
    const open = source.indexOf("<", at);
    if (open === -1) break;
    parts.push(source.slice(at, open));
    const end = endOf(source, open);
    // Line ends stay, so that what follows keeps its place.
    if (end.isMarkup) parts.push(" ", source.slice(open, end.at).replaceAll(/[^\n]+/g, ""));
    else parts.push(source.slice(open, end.at));
    at = end.at;
  }
  parts.push(source.slice(at));
  return parts.join("");
}

function endOf(source: string, open: number): { at: number; isMarkup: boolean } {
  const after = (mark: string) => {
    const found = source.indexOf(mark, open);
    return found === -1 ? source.length : found + mark.length;
  };
  if (source.startsWith("<!--", open)) return { at: after("-->"), isMarkup: true };
  const [, name] = /^<[/!?]?([a-z][\w:-]{0,40})/i.exec(source.slice(open, open + 48)) ?? [];
  if (name === undefined) return { at: open + 1, isMarkup: false };
  const close = after(">");
  const element = name.toLowerCase();
  const isOpening = source.charAt(open + 1) !== "/" && source.charAt(close - 2) !== "/";
  if (!isOpening || !SILENT.has(element)) return { at: close, isMarkup: true };
  return { at: endOfElement(source, element, close), isMarkup: true };
}

/** Behind the closing tag; the end of the text where there is none. */
function endOfElement(source: string, element: string, from: number): number {
  const closing = new RegExp(`</${element}(?=[\\s/>])`, "gi");
  closing.lastIndex = from;
  const found = closing.exec(source);
  if (!found) return source.length; // so that each is looked for once at most
  const end = source.indexOf(">", found.index);
  return end === -1 ? source.length : end + 1;
}

const NAMED: Readonly<Record<string, string>> = {
  amp: "&",
  lt: "<",
  gt: ">",
  quot: '"',
  apos: "'",
  nbsp: " ",
  shy: "",
  ndash: "–",
  mdash: "—",
  hellip: "…",
  copy: "©",
  euro: "€",
  lsquo: "‘",
  rsquo: "’",
  ldquo: "“",
  rdquo: "”",
  auml: "ä",
  ouml: "ö",
  uuml: "ü",
  Auml: "Ä",
  Ouml: "Ö",
  Uuml: "Ü",
  szlig: "ß",
  eacute: "é",
  egrave: "è",
};

export const decodeEntities = (text: string): string =>
  text.replaceAll(/&(?:#(\d{1,7})|#x([0-9a-f]{1,6})|([a-z]{2,8}));/gi, (whole, ten, hex, name) => {
    if (name !== undefined) return NAMED[name] ?? whole;
    const code = ten === undefined ? parseInt(hex, 16) : Number(ten);
    // A line end would move the lines that follow.
    const isCharacter = code > 31 && code <= 0x10ffff && (code < 0xd800 || code > 0xdfff);
    return isCharacter ? String.fromCodePoint(code) : " ";
  });
