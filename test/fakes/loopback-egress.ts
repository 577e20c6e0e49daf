/** An egress for tests of rooms above the network: plain HTTP to loopback, nothing checked but that. */

import { request as send, type IncomingMessage } from "node:http";

import type { Egress, EgressRequest } from "../../src/network/egress.ts";

export interface LoopbackEgress extends Egress {
  /** What was asked, oldest first. */
  readonly sent: { url: string; purpose: string; headers: Record<string, string> }[];
}

export function createLoopbackEgress(): LoopbackEgress {
  const sent: LoopbackEgress["sent"] = [];
  return {
    sent,
    async request(asked) {
      sent.push({ url: asked.url, purpose: asked.purpose, headers: { ...asked.headers } });
      const response = await open(asked);
      return {
        status: response.statusCode ?? 0,
        headers: Object.fromEntries(
          Object.entries(response.headers).map(([name, value]) => [name, String(value)]),
        ),
        body: response,
        async text(maxBytes = 1024 * 1024) {
          const chunks: Buffer[] = [];
          for await (const chunk of response) chunks.push(chunk);
          return Buffer.concat(chunks).subarray(0, maxBytes).toString();
        },
      };
    },
  };
}

function open({ url, method, headers, body, signal, headTimeoutMs }: EgressRequest) {
  const { hostname, port, pathname, search } = new URL(url);
  if (!["127.0.0.1", "localhost"].includes(hostname)) throw new Error(`not loopback: ${url}`);
  return new Promise<IncomingMessage>((resolve, reject) => {
    const request = send(
      {
        host: "127.0.0.1",
        port,
        path: pathname + search,
        method: method ?? "GET",
        // Of a DELETE with a body Node tells no length.
        headers: { ...headers, ...(body && { "content-length": Buffer.byteLength(body) }) },
        signal,
      },
      resolve,
    );
    if (headTimeoutMs) {
      const timer = setTimeout(() => request.destroy(new Error("no head")), headTimeoutMs);
      request.once("close", () => clearTimeout(timer));
      request.once("response", () => clearTimeout(timer));
    }
    request.once("error", (error) => reject(signal.aborted ? signal.reason : error));
    request.end(body);
  });
}
