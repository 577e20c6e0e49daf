/**
 * Search engines as their documentation describes them: docs.searxng.org/dev/search_api.html,
 * api-dashboard.search.brave.com/docs and docs.tavily.com. Whoever asks in another way is refused.
 */

import type { IncomingMessage, RequestListener } from "node:http";

type Result = { title: string; url: string; text: string };

export const RESULTS: readonly Result[] = [
  {
    title: "Rain tomorrow",
    url: "https://weather.example/rain",
    text: "It will rain, and not snow.",
  },
  { title: "Snow", url: "https://snow.example/", text: "" },
];

type Asked = { request: IncomingMessage; url: URL; body: string; key: string };
type Engine = {
  /** The question, or the status of the refusal. */
  read(asked: Asked): string | number;
  answer(query: string, results: readonly Result[]): object;
};

const ENGINES: Readonly<Record<"searxng" | "brave" | "tavily", Engine>> = {
  searxng: {
    read: ({ url }) =>
      url.searchParams.get("format") === "json" ? (url.searchParams.get("q") ?? 400) : 403,
    answer: (query, results) => ({
      query,
      number_of_results: 0,
      results: results.map(({ title, url, text }) => ({
        url,
        title,
        content: text,
        publishedDate: null,
        engine: "demo",
        engines: ["demo"],
        positions: [1],
        score: 1,
        category: "general",
      })),
      answers: [],
      corrections: [],
      infoboxes: [],
      suggestions: [],
      unresponsive_engines: [],
    }),
  },
  brave: {
    read: ({ request, url, key }) => {
      if (url.pathname !== "/res/v1/web/search" || request.method !== "GET") return 404;
      return request.headers["x-subscription-token"] === key
        ? (url.searchParams.get("q") ?? 422)
        : 401;
    },
    // Without a hit the part about the web is not there.
    answer: (query, results) => ({
      type: "search",
      query: { original: query },
      ...(results.length > 0 && {
        web: {
          type: "search",
          results: results.map(({ title, url, text }) => ({
            title,
            url,
            description: text.replace("rain", "<strong>rain</strong>"),
            language: "en",
          })),
        },
      }),
    }),
  },
  tavily: {
    read: ({ request, url, body, key }) => {
      if (url.pathname !== "/search" || request.method !== "POST") return 404;
      if (request.headers.authorization !== `Bearer ${key}`) return 401;
      return (JSON.parse(body) as { query?: string }).query ?? 400;
    },
    answer: (query, results) => ({
      query,
      answer: null,
      images: [],
      results: results.map(({ title, url, text }) => ({ title, url, content: text, score: 0.9 })),
      response_time: 1.2,
    }),
  },
};

export function createSearch(
  name: keyof typeof ENGINES,
  key = "",
  results: readonly Result[] = RESULTS,
): RequestListener {
  const engine = ENGINES[name];
  return (request, response) => {
    let body = "";
    request.setEncoding("utf8").on("data", (chunk: string) => (body += chunk));
    request.on("end", () => {
      const url = new URL(request.url ?? "/", "http://engine");
      const query = engine.read({ request, url, body, key });
      const isRefused = typeof query === "number";
      response.writeHead(isRefused ? query : 200, { "content-type": "application/json" });
      response.end(isRefused ? "{}" : JSON.stringify(engine.answer(query, results)));
    });
  };
}
