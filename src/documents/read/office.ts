/** The words of Word, Excel, PowerPoint and OpenDocument files: ZIP archives with XML in them. Throws `LeftOut`. */

import { decodeEntities } from "./html.ts";
import { LeftOut, type Text } from "./text.ts";
import { openZip, type Zip } from "./zip.ts";

/** By the ending of the file's name. */
export const OFFICE: ReadonlySet<string> = new Set(["docx", "xlsx", "pptx", "odt", "ods", "odp"]);

export function readOffice(bytes: Buffer, ending: string): Text {
  const zip = openZip(bytes);
  switch (ending) {
    case "docx":
      return { lines: paragraphs(zip.text("word/document.xml"), WORD) };
    case "pptx":
      return inPages(partsOf(zip, /^ppt\/slides\/slide(\d+)\.xml$/), (xml) =>
        paragraphs(xml, SLIDE),
      );
    case "xlsx":
      return readWorkbook(zip);
    default:
      return { lines: paragraphs(zip.text("content.xml"), OPEN_DOCUMENT) };
  }
}

/** Which elements hold words, which end a line, and what stands for white space. */
type Form = { words: ReadonlySet<string>; ends: ReadonlySet<string>; space: ReadonlySet<string> };

const WORD: Form = {
  words: new Set(["w:t"]),
  ends: new Set(["w:p", "w:br"]),
  space: new Set(["w:tab", "w:tc"]),
};
const SLIDE: Form = {
  words: new Set(["a:t"]),
  ends: new Set(["a:p", "a:br"]),
  space: new Set(["a:tab"]),
};
const OPEN_DOCUMENT: Form = {
  words: new Set(["text:p", "text:h"]),
  ends: new Set(["text:p", "text:h", "text:line-break"]),
  space: new Set(["text:s", "text:tab", "table:table-cell"]),
};

/** Tags and what stands between them, in order; linear in the length of the text. */
const PIECES = /<[^>]*>|[^<]+/g;

function paragraphs(xml: string, { words, ends, space }: Form): string[] {
  if (xml === "") throw new LeftOut("it is damaged");
  const lines: string[] = [];
  let line = "";
  let depth = 0; // in how many elements that hold words
  for (const [piece] of xml.matchAll(PIECES)) {
    if (!piece.startsWith("<")) {
      if (depth > 0) line += decodeEntities(piece);
      continue;
    }
    const { name, opens, closes } = toTag(piece);
    if (words.has(name)) depth += Number(opens) - Number(closes);
    if (space.has(name) && closes) line += " ";
    if (!ends.has(name) || !closes) continue;
    lines.push(line.trim());
    line = "";
  }
  if (line.trim() !== "") lines.push(line.trim());
  return lines;
}

/** An empty element both opens and closes. */
function toTag(piece: string): { name: string; opens: boolean; closes: boolean } {
  const isEnd = piece.startsWith("</");
  const [name = ""] = /[^\s/>]+/.exec(piece.slice(isEnd ? 2 : 1, 80)) ?? [];
  return { name, opens: !isEnd, closes: isEnd || piece.endsWith("/>") };
}

/** The XML of slides or sheets in the order of their numbers. */
const partsOf = (zip: Zip, pattern: RegExp): string[] =>
  zip.names
    .flatMap((name) => {
      const number = pattern.exec(name)?.[1];
      return number === undefined ? [] : [{ name, number: Number(number) }];
    })
    .toSorted((a, b) => a.number - b.number)
    .map(({ name }) => zip.text(name));

function inPages(parts: readonly string[], read: (xml: string) => string[]): Text {
  const lines: string[] = [];
  const pages: number[] = [];
  for (const part of parts) {
    pages.push(lines.length);
    lines.push(...atLeastOne(read(part)));
  }
  return { lines, pages };
}

/** A page without a line would begin where the next one does. */
const atLeastOne = (lines: string[]) => (lines.length === 0 ? [""] : lines);

/** A row is a line, a sheet a page. */
function readWorkbook(zip: Zip): Text {
  const shared = elements(zip.text("xl/sharedStrings.xml"), "si").map(({ body }) => wordsOf(body));
  const sheets = partsOf(zip, /^xl\/worksheets\/sheet(\d+)\.xml$/);
  return inPages(sheets, (xml) =>
    elements(xml, "row").map(({ body }) =>
      elements(body, "c")
        .map(({ tag, body: cell }) => {
          const value = decodeEntities(elements(cell, "v")[0]?.body ?? "");
          if (/\st="s"/.test(tag)) return shared[Number(value)] ?? "";
          return value || wordsOf(cell);
        })
        .filter((value) => value !== "")
        .join(" | "),
    ),
  );
}

const wordsOf = (xml: string) =>
  elements(xml, "t")
    .map(({ body }) => decodeEntities(body))
    .join("");

/** Elements of one name that do not nest; those without a body are left out. */
function elements(xml: string, name: string): { tag: string; body: string }[] {
  const found: { tag: string; body: string }[] = [];
  const opening = new RegExp(`<${name}(?=[\\s>])[^>]*>`, "g");
  const closing = `</${name}>`;
  for (let tag = opening.exec(xml); tag; tag = opening.exec(xml)) {
    if (tag[0].endsWith("/>")) continue;
    const end = xml.indexOf(closing, opening.lastIndex);
    if (end === -1) break;
    found.push({ tag: tag[0], body: xml.slice(opening.lastIndex, end) });
    opening.lastIndex = end + closing.length;
  }
  return found;
}
