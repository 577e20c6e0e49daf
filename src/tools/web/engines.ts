/**
 * Search engines as rows: what is sent and where the results stand. SearXNG by its documentation and tried
 * with the true program; Brave and Tavily by their documentation alone (api.search.brave.com, docs.tavily.com).
 */

import { z } from "zod";

export type SearchEngine = {
  /** Where it is, unless config says otherwise; none where everybody runs their own. */
  site?: string;
  keyed: boolean;
  ask(
    query: string,
    key: string,
  ): { path: string; headers?: Record<string, string>; body?: string };
  /** The results of an answer. Throws a `ZodError` where it has another form. */
  read(answer: unknown): SearchResult[];
  /** Why there is no result, where it says that this is not for want of any. */
  trouble?(answer: unknown): string | undefined;
};

export type SearchResult = { title: string; url: string; text: string };

/** As many as a model can weigh up, and some 1,000 tokens. */
export const MAX_RESULTS = 8;

/** Engines that a message names; SearXNG may have a hundred. */
const MAX_NAMED = 3;

export const engineNames = ["searxng", "brave", "tavily"] as const;

export const ENGINES: Readonly<Record<(typeof engineNames)[number], SearchEngine>> = {
  searxng: {
    keyed: false,
    ask: (query) => ({ path: `/search?${new URLSearchParams({ q: query, format: "json" })}` }),
    read: (answer) => Searxng.parse(answer).results.map(toResult),
    trouble: (answer) => {
      const silent = Searxng.parse(answer).unresponsive_engines ?? [];
      if (silent.length === 0) return undefined;
      const named = silent.slice(0, MAX_NAMED).map(([name, why]) => `${name} (${why})`);
      return `none of its engines answered: ${named.join(", ")}`;
    },
  },
  brave: {
    site: "https://api.search.brave.com",
    keyed: true,
    ask: (query, key) => ({
      path: `/res/v1/web/search?${new URLSearchParams({ q: query, count: String(MAX_RESULTS) })}`,
      headers: { "x-subscription-token": key },
    }),
    read: (answer) => Brave.parse(answer).web?.results.map(toResult) ?? [],
  },
  tavily: {
    site: "https://api.tavily.com",
    keyed: true,
    ask: (query, key) => ({
      path: "/search",
      headers: { authorization: `Bearer ${key}`, "content-type": "application/json" },
      body: JSON.stringify({ query, max_results: MAX_RESULTS, include_answer: false }),
    }),
    read: (answer) => Tavily.parse(answer).results.map(toResult),
  },
};

/** Engines of SearXNG may leave out any of them, or say null. */
const Text = z.string().nullish();
const Item = z.object({ title: Text, url: Text, content: Text, description: Text });

function toResult({ title, url, content, description }: z.infer<typeof Item>): SearchResult {
  return { title: title ?? "", url: url ?? "", text: content ?? description ?? "" };
}

const Searxng = z.object({
  results: z.array(Item),
  /** Pairs of an engine and what went wrong. */
  unresponsive_engines: z.array(z.tuple([z.string(), z.string()], z.unknown())).nullish(),
});
/** Without a hit there is no `web`. */
const Brave = z.object({ web: z.object({ results: z.array(Item) }).nullish() });
const Tavily = z.object({ results: z.array(Item) });
