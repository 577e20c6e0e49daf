/** Writes what stands between tags as Markdown. */

export interface TextWriter {
  open(name: string, attributes: Readonly<Record<string, string>>): void;
  close(name: string): void;
  text(data: string): void;
  /** All that was written, without blank lines in a row. */
  read(): string;
}

/** Tags that begin and end a line; the others stand within one. */
const BLOCKS = new Set(
  `address article aside blockquote center dd details div dl dt fieldset figcaption figure h1 h2 h3 h4 h5 h6 header
  hr li main ol p pre section summary table tbody tfoot thead tr ul caption`.split(/\s+/),
);
/** Those with a blank line around them. */
const PARAGRAPHS = new Set(`h1 h2 h3 h4 h5 h6 p pre table ul ol dl blockquote`.split(/\s+/));

/** A longer address is of more use to a tracker than to a reader. */
const MAX_LINK_CHARS = 300;
/** Deeper lists are drawn by tables of old. */
const MAX_INDENT = 4;

/** `base` is what links are resolved against. */
export function createTextWriter(base: URL): TextWriter {
  const lines: string[] = [];
  const line = createLine();
  let lists = 0;
  let pre = 0;
  let link: { to: string; hasInk: boolean } | undefined;

  const endLine = () => lines.push(pre > 0 ? line.take() : line.take().trimEnd());
  const startLine = () => {
    // A paragraph in a list stands behind its mark.
    if (line.hasInk()) endLine();
    else line.empty();
  };
  const startBlock = (name: string) => {
    startLine();
    const isApart = PARAGRAPHS.has(name) && lists === 0;
    if (isApart && lines.at(-1) !== "") lines.push("");
  };
  const put = (text: string) => {
    line.put(text);
    if (link && /\S/.test(text)) link.hasInk = true;
  };
  const endLink = () => {
    if (link?.hasInk) line.put(` (${link.to})`);
    link = undefined;
  };

  return {
    open(name, { alt, href }) {
      if (name === "br") return void endLine();
      if (name === "img") return alt ? put(`[image: ${alt.replaceAll(/\s+/g, " ")}] `) : undefined;
      if ((name === "td" || name === "th") && line.hasInk()) put(" | ");
      if (BLOCKS.has(name)) startBlock(name);
      if (/^h[1-6]$/.test(name)) line.mark(`${"#".repeat(Number(name[1]))} `);
      if (name === "ul" || name === "ol") lists += 1;
      if (name === "li")
        line.mark(`${"  ".repeat(Math.min(Math.max(lists - 1, 0), MAX_INDENT))}- `);
      if (name === "pre") pre += 1;
      if (name === "a") {
        endLink();
        const to = linkTo(href, base);
        link = to === undefined ? undefined : { to, hasInk: false };
      }
    },
    close(name) {
      if (name === "a") endLink();
      if ((name === "ul" || name === "ol") && lists > 0) lists -= 1;
      if (BLOCKS.has(name)) startBlock(name);
      if (/^(li|h[1-6])$/.test(name)) line.mark("");
      if (name === "pre" && pre > 0) pre -= 1;
    },
    text(data) {
      if (pre === 0) {
        const words = data.replaceAll(/[\s\u00a0]+/g, " ");
        return put(line.endsInSpace() ? words.trimStart() : words);
      }
      for (const [at, part] of data.split("\n").entries()) {
        if (at > 0) endLine();
        put(part);
      }
    },
    read() {
      startLine();
      const kept = lines.filter((one, at) => one !== "" || (at > 0 && lines[at - 1] !== ""));
      return kept.join("\n").trim();
    },
  };
}

/** One line, in parts: a page can be a single line of a million of them, which is put together once. */
function createLine() {
  let parts: string[] = [];
  let mark = "";
  let hasInk = false;
  let endsInSpace = true;
  const empty = () => {
    parts = [];
    hasInk = false;
    endsInSpace = true;
  };
  return {
    /** What it begins with, such as that of an item, and what is no ink. */
    mark: (text: string) => void (mark = text),
    put(text: string) {
      if (text === "") return;
      parts.push(text);
      hasInk ||= /\S/.test(text);
      endsInSpace = /\s$/.test(text.slice(-1));
    },
    hasInk: () => hasInk,
    endsInSpace: () => endsInSpace,
    /** Drops the blanks that were put. */
    empty,
    take(): string {
      const text = mark + parts.join("");
      mark = "";
      empty();
      return text;
    },
  };
}

/** Pages of the web alone; within the same page a link says nothing. */
function linkTo(href: string | undefined, base: URL): string | undefined {
  if (href === undefined || href.startsWith("#")) return undefined;
  const url = URL.parse(href, base.href);
  if (!url || !/^https?:$/.test(url.protocol) || url.href.length > MAX_LINK_CHARS) return undefined;
  return url.href;
}
