import { z } from "zod";

import { Fault } from "../../base/fault.ts";
import type { Egress, EgressResponse } from "../../network/egress.ts";
import { forgiving } from "../arguments.ts";
import { defineTool } from "../tool.ts";
import { readBody } from "./body.ts";
import { ENGINES, MAX_RESULTS, type SearchResult } from "./engines.ts";
import { framed, visibleText } from "./frame.ts";
import { maskWeb } from "./mask.ts";
import type { WebSettings } from "./settings.ts";
import { describeTrouble } from "./web-fault.ts";

export type WebSearchDeps = {
  /** The host of the engine is one that config names, and may be on the LAN. */
  egress: Egress;
  settings: WebSettings["search"];
  seconds?: number;
};

/** A longer one is a text, not a question. */
const MAX_QUERY_CHARS = 400;
/** SearXNG waits for its engines up to some 10 s. */
const SECONDS = 20;
/** Eight results take some 30 kB; engines of SearXNG send a few hundred at times. */
const MAX_BYTES = 2 * 1024 * 1024;
/** Enough to choose by; the page itself is read with web_fetch. */
const MAX_TEXT_CHARS = 300;

/** Undefined where config names no engine. */
export function createWebSearch({ egress, settings, seconds = SECONDS }: WebSearchDeps) {
  const { enabled, provider } = settings;
  if (!enabled || !provider) return undefined;
  return defineTool({
    name: "web_search",
    description: "Search the internet. Gives titles, addresses and a few lines of each.",
    effect: "none",
    input: forgiving(
      { query: z.string().trim().min(1).max(MAX_QUERY_CHARS) },
      { query: ["q", "text", "question", "search", "keywords"] },
    ),

    masked: maskWeb,

    async run({ query }, { reach, signal }) {
      const masked = maskWeb(reach());
      if (masked) throw masked;
      const late = AbortSignal.timeout(seconds * 1_000);
      const over = new AbortController();
      const whole = AbortSignal.any([signal, late, over.signal]);
      try {
        const results = await search({ egress, settings }, provider, query, whole);
        return show(provider, results);
      } catch (error) {
        signal.throwIfAborted();
        const trouble = late.aborted ? `no answer within ${seconds} s` : describeTrouble(error);
        throw trouble === undefined ? error : failed(provider, trouble, FIXES.reach, error);
      } finally {
        over.abort();
      }
    },
  });
}

type Provider = keyof typeof ENGINES;

async function search(
  { egress, settings }: WebSearchDeps,
  provider: Provider,
  query: string,
  signal: AbortSignal,
): Promise<SearchResult[]> {
  const engine = ENGINES[provider];
  const site = (settings.url ?? engine.site ?? "").replace(/\/$/, "");
  const { path, headers, body } = engine.ask(query, settings.apiKey ?? "");
  const url = site + path;
  const answer = await egress.request({
    url,
    purpose: "tools.web_search",
    method: body === undefined ? "GET" : "POST",
    headers: { "user-agent": "Isopod", accept: "application/json", ...headers },
    ...(body === undefined ? {} : { body }),
    signal,
  });
  if (answer.status !== 200) throw refusedBy(provider, answer);
  const { bytes, isCut } = await readBody(answer, { url: site, maxBytes: MAX_BYTES });
  if (isCut) throw failed(provider, `an answer longer than ${MAX_BYTES / 1024 / 1024} MiB`);
  return readAnswer(provider, bytes.toString());
}

function readAnswer(provider: Provider, text: string): SearchResult[] {
  const { read, trouble } = ENGINES[provider];
  let found: { results: SearchResult[]; why: string | undefined };
  try {
    const answer: unknown = JSON.parse(text);
    const results = read(answer);
    found = { results, why: results.length === 0 ? trouble?.(answer) : undefined };
  } catch (cause) {
    throw failed(provider, "its answer is not what was asked for", FIXES.form, cause);
  }
  if (found.why !== undefined) throw failed(provider, found.why, FIXES.engines);
  return found.results;
}

const FIXES = {
  form: "Check tools.web.search.url: it must be the address of the search engine itself",
  key: "Correct tools.web.search.apiKey, and restart",
  json: "Add json to search.formats in SearXNG's settings.yml, and restart it",
  engines: "Try again later, or choose other engines in SearXNG's settings.yml",
  slow: "Wait a while, then search again",
  reach: "Check tools.web.search.url, and that the search engine runs",
};

function refusedBy(provider: Provider, { status }: EgressResponse): Fault {
  const said = `it answered with status ${status}`;
  // SearXNG's own refusal of a format that its owner did not list.
  if (provider === "searxng" && status === 403) return failed(provider, said, FIXES.json);
  if (status === 401 || status === 403) return failed(provider, said, FIXES.key);
  return failed(provider, said, status === 429 ? FIXES.slow : FIXES.reach);
}

const failed = (provider: string, detail: string, fix: string = FIXES.reach, cause?: unknown) =>
  new Fault("SEARCH_FAILED", { provider, detail, fix }, { cause });

function show(provider: string, results: readonly SearchResult[]): string {
  // Only what web_fetch could read, and each page once.
  const usable = new Map(
    results.filter(({ url }) => /^https?:\/\//.test(url)).map((result) => [result.url, result]),
  );
  const shown = [...usable.values()].slice(0, MAX_RESULTS);
  if (shown.length === 0) return "[nothing was found]";
  const lines = shown.map(({ title, url, text }, at) =>
    [`${at + 1}. ${oneLine(title)}`, `   ${oneLine(url)}`, `   ${oneLine(text)}`]
      .map((line) => line.trimEnd())
      .filter((line) => line !== "")
      .join("\n"),
  );
  return framed(provider, lines.join("\n"));
}

/** Brave marks what was found with <strong>. */
const oneLine = (text: string) => {
  const plain = visibleText(text)
    .replaceAll(/<\/?\w+>/g, "")
    .replaceAll(/\s+/g, " ")
    .trim();
  return plain.length > MAX_TEXT_CHARS ? `${plain.slice(0, MAX_TEXT_CHARS)}…` : plain;
};
