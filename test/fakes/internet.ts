/** The internet as one server on loopback: every host leads to it, and hears which one was meant. */

import {
  createServer,
  request as send,
  type IncomingMessage,
  type RequestListener,
} from "node:http";
import type { AddressInfo } from "node:net";
import type { TestContext } from "node:test";

import type { Egress, EgressRequest } from "../../src/network/egress.ts";

export interface Internet {
  readonly egress: Egress;
  /** What was asked, as `METHOD URL`. */
  readonly asked: string[];
  /** As they were sent. */
  readonly requests: EgressRequest[];
}

export async function createInternet(t: TestContext, answer: RequestListener): Promise<Internet> {
  const server = createServer(answer);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const { port } = server.address() as AddressInfo; // TCP, so never a string
  const asked: string[] = [];
  const requests: EgressRequest[] = [];
  const egress: Egress = {
    async request(request) {
      asked.push(`${request.method ?? "GET"} ${request.url}`);
      requests.push(request);
      const head = await open(request, port);
      const { statusCode: status = 0 } = head;
      const headers = Object.entries(head.headers).map(([name, value]) => [name, String(value)]);
      return {
        status,
        headers: Object.fromEntries(headers),
        body: head,
        text: () => readAll(head),
      };
    },
  };
  return { egress, asked, requests };
}

function open({ url, method, headers, body, signal }: EgressRequest, port: number) {
  const { host, pathname, search } = new URL(url);
  return new Promise<IncomingMessage>((resolve, reject) => {
    const length = body === undefined ? {} : { "content-length": Buffer.byteLength(body) };
    const request = send({
      host: "127.0.0.1",
      port,
      path: pathname + search,
      method,
      agent: false,
      headers: { ...headers, ...length, host },
      signal,
    });
    request.once("response", (head) => {
      // Without a listener, an error that comes while nobody reads would end the process.
      head.on("error", () => {});
      resolve(head);
    });
    request.once("error", (error) => reject(signal.aborted ? signal.reason : error));
    request.end(body);
  });
}

async function readAll(body: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of body) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}
