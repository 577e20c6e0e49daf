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

/** The mark of a heading or of an item, before anything stands behind it. */
const BARE = /^ *(-|#{1,6}) $/;

/** A longer address is of more use to a tracker than to a reader. */
const MAX_LINK_CHARS = 300;
/** Deeper lists are drawn by tables of old. */
const MAX_INDENT = 4;

/** `base` is what links are resolved against. */
export function createTextWriter(base: URL): TextWriter {
  const lines: string[] = [];
  let line = "";
  let lists = 0;
  let pre = 0;
  let link: { to: string; from: number } | undefined;

  const endLine = () => {
    lines.push(pre > 0 ? line : line.trimEnd());
    line = "";
    if (link) link.from = 0; // what is linked goes on in the next line
  };
  const startLine = () => {
    if (BARE.test(line)) return; // a paragraph in a list stands behind its mark
    if (line.trim() !== "") endLine();
    line = "";
  };
  const blank = () => {
    startLine();
    if (lines.at(-1) !== "") lines.push("");
  };
  const endLink = () => {
    if (link && line.slice(link.from).trim() !== "") line += ` (${link.to})`;
    link = undefined;
  };

  return {
    open(name, attributes) {
      if (name === "br") return endLine();
      if (name === "img")
        return this.text(attributes["alt"] ? `[image: ${attributes["alt"]}] ` : "");
      if (name === "td" || name === "th") line += line.trim() === "" ? "" : " | ";
      if (BLOCKS.has(name)) (PARAGRAPHS.has(name) && lists === 0 ? blank : startLine)();
      if (/^h[1-6]$/.test(name)) line = `${"#".repeat(Number(name[1]))} `;
      if (name === "ul" || name === "ol") lists += 1;
      if (name === "li") line = `${"  ".repeat(Math.min(Math.max(lists - 1, 0), MAX_INDENT))}- `;
      if (name === "pre") pre += 1;
      if (name === "a") {
        endLink();
        const to = linkTo(attributes["href"], base);
        link = to === undefined ? undefined : { to, from: line.length };
      }
    },
    close(name) {
      if (name === "a") endLink();
      if (/^(li|h[1-6])$/.test(name) && BARE.test(line)) line = "";
      if ((name === "ul" || name === "ol") && lists > 0) lists -= 1;
      if (BLOCKS.has(name)) (PARAGRAPHS.has(name) && lists === 0 ? blank : startLine)();
      if (name === "pre" && pre > 0) pre -= 1;
    },
    text(data) {
      if (pre > 0) {
        const [first = "", ...rest] = data.split("\n");
        line += first;
        for (const next of rest) {
          endLine();
          line = next;
        }
        return;
      }
      const words = data.replaceAll(/[\s\u00a0]+/g, " ");
      line += /(^|\s)$/.test(line.slice(-1)) ? words.trimStart() : words;
    },
    read() {
      if (!BARE.test(line)) startLine();
      const kept = lines.filter((one, at) => one !== "" || (at > 0 && lines[at - 1] !== ""));
      return kept.join("\n").trim();
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
