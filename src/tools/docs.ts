import { z } from "zod";

import { withoutTag } from "../base/fence.ts";
import { Fault } from "../base/fault.ts";
import type { DocumentsOf } from "../documents/documents.ts";
import type { DocumentHit } from "../protocol/documents.ts";
import { forgiving, PATH_ALIASES } from "./arguments.ts";
import { OUTPUT_CHARS, takeLines } from "./cut.ts";
import { defineTool } from "./tool.ts";

/** More would fill the window of a small model with what fits the question least. */
const HITS = 8;

type Input = { query?: string | undefined; path?: string | undefined; from?: number | undefined };

export const docs = defineTool<Input>({
  name: "docs",
  description: "Search the user's own documents, or read on in one that was found.",
  effect: "none",
  input: forgiving(
    {
      query: z.string().optional().describe("words to look for"),
      path: z.string().optional().describe("to read on: a path as found"),
      from: z.int().min(1).optional().describe("first line"),
    },
    {
      query: ["q", "text", "search", "question", "words"],
      path: [...PATH_ALIASES, "document", "doc"],
      from: ["offset", "start", "line", "start_line"],
    },
  ),

  isOffered: async ({ documents }) => (await documents?.has()) ?? false,

  async run({ query, path, from }, { documents, signal }) {
    // Inside an epoch it stays listed after the last folder was taken away.
    if (!documents) throw new Fault("DOCUMENTS_NONE", {});
    if (path && (!query || from !== undefined)) return readOn(documents, { path, from }, signal);
    const { hits } = await documents.search(query ?? "", HITS, signal);
    return hits.length > 0 ? show(hits) : NOTHING;
  },
});

const NOTHING = "[nothing found; try other words, or fewer]";
const READ_ON = "[to read on in one, call docs with its path and from]";

/** Of each document where it is, and the lines that fit; as many as can be shown. */
function show(hits: readonly DocumentHit[]): string {
  const shown: string[] = [];
  let length = 0;
  for (const { document, line, page, text, changed } of hits) {
    const more = [page === undefined ? "" : `page ${page}`, changed ? "changed since" : ""];
    const notes = more.filter(Boolean).join(", ");
    const part = `${document}:${line}${notes && ` (${notes})`}\n${text}`;
    length += part.length + 2;
    if (length > OUTPUT_CHARS && shown.length > 0) break;
    shown.push(part);
  }
  const left = hits.length - shown.length;
  const cut = left > 0 ? `[${left} more: narrow it down with other words]\n` : "";
  return `${framed(shown.join("\n\n"))}\n${cut}${READ_ON}`;
}

async function readOn(
  documents: DocumentsOf,
  { path, from }: { path: string; from: number | undefined },
  signal: AbortSignal,
): Promise<string> {
  // Models copy the place that a search gave them.
  const [, document = path, line] = /^(.+?)(?::(\d{1,9}))?$/s.exec(path) ?? [];
  const asked = from ?? Math.max(1, Number(line ?? 1));
  const part = await documents.read(document, asked, signal);
  if (part.lines.length === 0) return `[the document has only ${part.lineCount} lines]`;
  const lines = takeLines(part.lines);
  const last = part.from + lines.length - 1;
  const next = last < part.lineCount ? `; to read on, call docs with from=${last + 1}` : "";
  return `${framed(lines.join("\n"))}\n[lines ${part.from}-${last} of ${part.lineCount}${next}]`;
}

/** Whoever wrote a document is not the user: what stands in it must not end the frame. */
const framed = (text: string) => `<data from="documents">\n${withoutTag(text, "data")}\n</data>`;
