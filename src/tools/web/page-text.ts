/** The text of a page, by what its server says it is. */

import { Fault } from "../../base/fault.ts";
import { visibleText } from "./frame.ts";
import { htmlToText } from "./html-text.ts";

export type Page = { url: URL; contentType: string; bytes: Buffer };
export type PageText = { title: string; text: string; note?: string };

const HTML = /^(text\/html|application\/xhtml\+xml)$/;
const TEXT = /^(text\/.*|application\/(.*\+)?(json|xml|yaml|x-ndjson|javascript|toml))$/;

/** Throws `WEB_UNREADABLE` for what is no text: images, archives, PDF. */
export async function pageToText(
  { url, contentType, bytes }: Page,
  signal: AbortSignal,
): Promise<PageText> {
  const type = contentType.split(";")[0]?.trim().toLowerCase() ?? "";
  const kind = HTML.test(type)
    ? "html"
    : TEXT.test(type)
      ? "text"
      : type === ""
        ? "unsaid"
        : "other";
  if (kind === "other" || bytes.includes(0)) {
    throw new Fault("WEB_UNREADABLE", { url: url.href, what: describeType(kind, type) });
  }
  const text = decode(bytes, contentType);
  const isHtml =
    kind === "html" || (kind === "unsaid" && /^\s*<(!doctype html|html)\b/i.test(text));
  if (!isHtml) return { title: "", text: visibleText(text).trim() };
  const { title, text: read, isTooDeep } = await htmlToText(text, url, signal);
  const note = isTooDeep ? { note: "its tags nest too deep, and the rest was not read" } : {};
  return { title: visibleText(title), text: visibleText(read), ...note };
}

const describeType = (kind: string, type: string) =>
  kind === "other" ? `"${type.replaceAll(/[^\w/+.-]/g, "").slice(0, 60)}"` : "binary";

/** Where pages say how they are written, if their server does not (HTML, "prescan a byte stream"). */
const PRESCAN_BYTES = 1_024;

function decode(bytes: Buffer, contentType: string): string {
  const said =
    /charset\s*=\s*["']?([\w:.-]+)/i.exec(contentType)?.[1] ??
    /<meta[^>]{0,200}charset\s*=\s*["']?([\w:.-]+)/i.exec(
      bytes.toString("latin1", 0, PRESCAN_BYTES),
    )?.[1];
  return createDecoder(said ?? "utf-8").decode(bytes);
}

/** What is written in an unknown way is most likely UTF-8 all the same. */
function createDecoder(label: string) {
  try {
    return new TextDecoder(label);
  } catch {
    return new TextDecoder(); // the label is a stranger's, and may be none
  }
}
