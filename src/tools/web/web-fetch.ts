import { z } from "zod";

import type { Egress } from "../../network/egress.ts";
import { forgiving } from "../arguments.ts";
import { takeLines } from "../cut.ts";
import { defineTool, type Grants } from "../tool.ts";
import { FETCH_LIMITS, type FetchedPage, type FetchLimits, fetchPage } from "./fetch-page.ts";
import { framed } from "./frame.ts";
import { maskWeb } from "./mask.ts";
import { pageToText } from "./page-text.ts";
import { describeHost, readPageUrl, siteOf, siteOfHost } from "./page-url.ts";

export type WebFetchDeps = {
  /** To public addresses only. */
  egress: Egress;
  /** Hosts of `network.allow`: about these nobody is asked. */
  listed: readonly string[];
  limits?: FetchLimits;
};

/** As it is sent, so that a person sees what is sent, and in the form that is compared. */
const Address = z.string().transform((text, context) => {
  const read = readPageUrl(text.trim());
  if ("url" in read) return read.url.href;
  context.addIssue({ code: "custom", message: read.refusal });
  return z.NEVER;
});

export const createWebFetch = ({ egress, listed, limits = FETCH_LIMITS }: WebFetchDeps) =>
  defineTool({
    name: "web_fetch",
    description: "Read one page of the internet as text.",
    effect: "none",
    input: forgiving(
      {
        url: Address.describe("in full, such as https://example.org/page"),
        from: z.int().min(1).optional().describe("first line, from 1"),
      },
      { url: ["link", "uri", "address", "page", "href"], from: ["offset", "start", "line"] },
    ),

    masked: maskWeb,

    asks({ url }, { grants }) {
      const page = new URL(url);
      if (isAgreed(page, grants, listed)) return undefined;
      const plain = page.protocol === "http:" ? ", without encryption" : "";
      return `It reads a page of ${describeHost(page)} on the internet${plain}; whoever runs it sees the whole address`;
    },

    lasting: ({ url }) => grantOf(new URL(url)),

    async run({ url, from = 1 }, { grants, reach, signal }) {
      const masked = maskWeb(reach());
      if (masked) throw masked;
      const asked = new URL(url);
      const page = await fetchPage(
        asked,
        {
          egress,
          limits,
          // The site that was asked for was agreed to, if only for this call.
          isAgreed: (next) => siteOf(next) === siteOf(asked) || isAgreed(next, grants, listed),
        },
        signal,
      );
      return show(page, { from, limits }, signal);
    },
  });

const grantOf = (url: URL) => `web:${siteOf(url)}`;

/** Config names hosts without a port: another port than the web's is another program, and asked about. */
const isAgreed = (url: URL, grants: Grants, listed: readonly string[]): boolean =>
  grants.has(grantOf(url)) || listed.some((host) => siteOfHost(host) === siteOf(url));

async function show(
  page: FetchedPage,
  { from, limits: { maxBytes } }: { from: number; limits: FetchLimits },
  signal: AbortSignal,
): Promise<string> {
  const { title, text, note } = await pageToText(page, signal);
  const lines = text === "" ? [] : text.split("\n").flatMap(wrap);
  if (from > Math.max(lines.length, 1)) return `[the page has only ${lines.length} lines]`;
  const shown = takeLines(lines.slice(from - 1));
  const last = from - 1 + shown.length;
  const heading = title && from === 1 ? [`Title: ${title}`, ""] : [];
  const body = shown.length > 0 ? shown : ["(no text; a script may write it, and none is run)"];
  return [
    framed(page.url.href, [...heading, ...body].join("\n")),
    ...placeLines(from, last, lines.length),
    ...(note ? [`[${note}]`] : []),
    ...(page.isCut
      ? [`[the page is longer than ${maxBytes / MIB} MiB; its rest was not read]`]
      : []),
  ].join("\n");
}

const MIB = 1024 * 1024;

function placeLines(from: number, last: number, all: number): string[] {
  if (from === 1 && last === all) return [];
  const next = last < all ? `; to read on, call web_fetch with this url and from=${last + 1}` : "";
  return [`[lines ${from}-${last} of ${all}${next}]`];
}

/** A paragraph is one line of a page; here it takes several, so that nothing of it is cut. */
const LINE_CHARS = 400;

function wrap(line: string): string[] {
  const parts: string[] = [];
  let rest = line;
  while (rest.length > LINE_CHARS) {
    const space = rest.lastIndexOf(" ", LINE_CHARS);
    const end = space > LINE_CHARS / 2 ? space : LINE_CHARS;
    parts.push(rest.slice(0, end));
    rest = rest.slice(end).trimStart();
  }
  return [...parts, rest];
}
