/**
 * Requests as they came over the wire: for a relay, which has to see what a parser of URLs and headers would
 * tidy up. Node's parser is strict here: two lengths, a length beside chunks, folded headers and bare line
 * feeds end the connection before anybody hears of the request.
 */

import type { IncomingMessage, Server, ServerResponse } from "node:http";

import type { Log } from "../base/log.ts";
import { normalizeHost } from "./address.ts";

export type RawRequest = {
  method: string;
  /** What stood in the request line. */
  target: string;
  httpVersion: string;
  /** As they came, repeated ones too; names in lower case. */
  headers: readonly (readonly [name: string, value: string])[];
  /** To be read once. Left unread, the connection ends after the answer. */
  body: AsyncIterable<Uint8Array>;
  /** The caller's address. */
  peer: string;
  /** Aborts when the caller hangs up. */
  signal: AbortSignal;
};

export type RawResponse = {
  status: number;
  headers: Readonly<Record<string, string>>;
  /** Chunks are sent as they come. One that throws cuts the connection, so that nobody takes it for the end. */
  body?: string | Uint8Array | AsyncIterable<Uint8Array>;
  /** Ends the connection after this answer. */
  close?: boolean;
};

/** Never throws: what goes wrong is an answer. */
export type RawAnswer = (request: RawRequest) => Promise<RawResponse>;

/** Wires a server so that each request of each connection is answered by itself. */
export function answerRaw(server: Server, answer: RawAnswer, log: Log): void {
  const answering = new WeakSet<object>();
  server.on("request", (incoming: IncomingMessage, outgoing: ServerResponse) => {
    const { socket } = incoming;
    answering.add(socket);
    outgoing.once("close", () => answering.delete(socket));
    void serve(incoming, outgoing, answer).catch((error: unknown) => {
      log.error({ err: error }, "a request was not answered");
      outgoing.destroy();
    });
  });
  // Another protocol is never spoken: CONNECT would make a tunnel of the connection.
  server.on("connect", (_request, socket) => socket.destroy());
  server.on("clientError", (_error, socket) => {
    // Not into the middle of an answer: there it would be read as part of it.
    if (socket.writable && !answering.has(socket))
      socket.write("HTTP/1.1 400 Bad Request\r\nconnection: close\r\n\r\n");
    socket.destroy();
  });
}

async function serve(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  answer: RawAnswer,
): Promise<void> {
  const gone = new AbortController();
  outgoing.once("close", () => gone.abort(new Error("the caller hung up")));
  const response = await answer({
    method: incoming.method ?? "",
    target: incoming.url ?? "",
    httpVersion: incoming.httpVersion,
    headers: pairs(incoming.rawHeaders),
    body: incoming,
    // One that hung up at once has no address any more: it gets one that nobody shares.
    peer: normalizeHost(incoming.socket.remoteAddress ?? "unknown"),
    signal: gone.signal,
  });
  // What was not read of a body would be taken for the next request, or waited for without end.
  const close = response.close === true || !incoming.complete;
  outgoing.writeHead(response.status, {
    ...response.headers,
    ...(close && { connection: "close" }),
  });
  await write(outgoing, response.body);
}

async function write(outgoing: ServerResponse, body: RawResponse["body"]): Promise<void> {
  if (body === undefined || typeof body === "string" || body instanceof Uint8Array) {
    outgoing.end(body);
    return;
  }
  outgoing.flushHeaders();
  try {
    for await (const chunk of body) {
      if (outgoing.destroyed) return; // leaving the loop ends what it came from
      if (!outgoing.write(chunk)) await drained(outgoing);
    }
    outgoing.end();
  } catch {
    // Whoever made the body has told why; here the cut is the message.
    outgoing.destroy();
  }
}

const drained = (outgoing: ServerResponse) =>
  new Promise<void>((resolve) => {
    const go = () => {
      outgoing.off("drain", go);
      outgoing.off("close", go);
      resolve();
    };
    outgoing.once("drain", go);
    outgoing.once("close", go);
  });

function pairs(raw: readonly string[]): [string, string][] {
  const found: [string, string][] = [];
  for (let at = 0; at + 1 < raw.length; at += 2) {
    found.push([(raw[at] ?? "").toLowerCase(), raw[at + 1] ?? ""]);
  }
  return found;
}
