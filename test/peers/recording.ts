/**
 * What a true server said, kept: an egress that writes down every answer, and one that gives them again.
 * An answer belongs to a case, a method and a path, in order; the bytes of the request are not compared,
 * because ours may change while the server's stay what they were.
 */

import type { Egress, EgressRequest, EgressResponse } from "../../src/network/egress.ts";

import type { Demonstration } from "./demonstration.ts";

export type Exchange = {
  case: string;
  method: string;
  path: string;
  status: number;
  type: string;
  body: string;
};

export type Recording = {
  peer: string;
  version: string;
  /** ISO 8601. */
  recordedAt: string;
  /** SHA-256 of the weights. */
  weights: string;
  baseUrl: string;
  model: string;
  apiKey?: string;
  demonstration: Demonstration;
  exchanges: Exchange[];
};

/** Everything that goes through is added to `exchanges`, under the case of the moment. */
export function createRecordingEgress(
  egress: Egress,
  exchanges: Exchange[],
  caseNow: () => string,
): Egress {
  return {
    async request(asked) {
      const response = await egress.request(asked);
      const exchange = { ...keyOf(asked, caseNow()), ...headOf(response), body: "" };
      exchanges.push(exchange);
      const decoder = new TextDecoder();
      async function* body() {
        for await (const bytes of response.body) {
          exchange.body += decoder.decode(bytes, { stream: true });
          yield bytes;
        }
      }
      return {
        ...response,
        body: body(),
        async text(maxBytes) {
          return (exchange.body = await response.text(maxBytes));
        },
      };
    },
  };
}

/** Throws for what was never asked of the true server. */
export function createReplayEgress(exchanges: readonly Exchange[], caseNow: () => string): Egress {
  const left = [...exchanges];
  return {
    request(asked) {
      const key = keyOf(asked, caseNow());
      const index = left.findIndex(
        (exchange) =>
          exchange.case === key.case &&
          exchange.method === key.method &&
          exchange.path === key.path,
      );
      const [exchange] = index < 0 ? [] : left.splice(index, 1);
      if (!exchange) {
        throw new Error(
          `${key.method} ${key.path} was not recorded for "${key.case}"; record anew`,
        );
      }
      return Promise.resolve(toResponse(exchange));
    },
  };
}

const keyOf = ({ url, method = "GET" }: EgressRequest, title: string) => ({
  case: title,
  method,
  path: new URL(url).pathname,
});

const headOf = ({ status, headers }: EgressResponse) => ({
  status,
  type: headers["content-type"] ?? "",
});

function toResponse({ status, type, body }: Exchange): EgressResponse {
  const bytes = new TextEncoder().encode(body);
  return {
    status,
    headers: { "content-type": type },
    body: (async function* () {
      yield bytes;
    })(),
    text: () => Promise.resolve(body),
  };
}
