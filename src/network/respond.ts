/** One request of an HTTP server: as whoever answers it sees it, and the response written back. */

import type { IncomingMessage, ServerResponse } from "node:http";
import type { Socket } from "node:net";

import type { Log } from "../base/log.ts";
import type { HttpHeaders, HttpRequest } from "../protocol/http.ts";
import { normalizeHost } from "./address.ts";

/**
 * Answers a request; its signal aborts when the caller hangs up. `peer` is the caller's address, or
 * "unix". Chunks of a streamed body are sent as they come.
 */
export type Answer = (request: HttpRequest, peer: string) => Sendable | Promise<Sendable>;

/** What can be sent: an `HttpResponse`, and a `Response` of the Fetch standard as well. */
type Sendable = {
  readonly status: number;
  /** By name in lower case. */
  readonly headers: Iterable<[string, string]>;
  readonly body: string | Uint8Array | ReadableStream<Uint8Array> | null;
};

export type RespondOptions = {
  answer: Answer;
  /** The peer, where it is not the socket's address. */
  peer?: string;
  log: Log;
  /** How long the rest of a body that nobody read may take to arrive. */
  lingerMs: number;
};

/** Never rejects: what `answer` throws becomes a 500 without a word of it. */
export async function respond(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  { answer, peer, log, lingerMs }: RespondOptions,
): Promise<void> {
  const { socket } = incoming;
  outgoing.once("finish", () => lingerOver(incoming, socket, lingerMs));
  // Somebody hung up while we wrote; `close` comes as well and is what is heard.
  outgoing.on("error", () => {});
  try {
    const request = toRequest(incoming, outgoing);
    // One that hung up at once has no address any more: it gets one that nobody shares.
    const from = peer ?? normalizeHost(socket.remoteAddress ?? "unknown");
    await send(request ? await answer(request, from) : BAD_REQUEST, outgoing);
  } catch (error) {
    log.error({ err: error }, "a request was not answered");
    if (outgoing.headersSent) outgoing.destroy();
    else outgoing.writeHead(500).end();
  }
}

const BAD_REQUEST: Sendable = { status: 400, headers: [], body: null };

/** Undefined for a request line or a Host header that makes no address. */
function toRequest(incoming: IncomingMessage, outgoing: ServerResponse): HttpRequest | undefined {
  const { method = "GET" } = incoming;
  const url = toUrl(incoming);
  if (!url) return undefined;
  let hangUp: AbortController | undefined;
  return {
    method,
    url,
    headers: toHeaders(incoming),
    body: incoming,
    // Made for those who look: most are answered at once.
    get signal() {
      hangUp ??= watch(outgoing);
      return hangUp.signal;
    },
  };
}

/** A request line may bring an address of its own; the gate holds it to the names that Host is held to. */
function toUrl({ url = "", headers: { host = "" } }: IncomingMessage): URL | undefined {
  // What no host has in it (or nothing at all) would make a host of the path, or a path of the host.
  if (!/^[^/?#@\\\s]+$/.test(host)) return undefined;
  const address = URL.parse(url.startsWith("/") ? `http://${host}${url}` : url);
  return address && /^https?:$/.test(address.protocol) ? address : undefined;
}

/** Of a header that came several times everything counts: a second Host must not hide behind the first. */
const toHeaders = (incoming: IncomingMessage): HttpHeaders => ({
  get(name) {
    const values = incoming.headersDistinct;
    return Object.hasOwn(values, name) ? (values[name]?.join(", ") ?? null) : null;
  },
});

function watch(outgoing: ServerResponse): AbortController {
  const hangUp = new AbortController();
  const close = () => {
    if (!outgoing.writableFinished) hangUp.abort(new Error("the caller hung up"));
  };
  if (outgoing.closed) close();
  else outgoing.once("close", close);
  return hangUp;
}

async function send({ status, headers, body }: Sendable, outgoing: ServerResponse): Promise<void> {
  outgoing.statusCode = status;
  for (const [name, value] of headers) outgoing.setHeader(name, value);
  if (body === null) outgoing.end();
  else if (typeof body === "string" || body instanceof Uint8Array) outgoing.end(body);
  else await stream(body, outgoing);
}

/** Sends what comes as it comes, no faster than the caller takes it. */
async function stream(body: ReadableStream<Uint8Array>, outgoing: ServerResponse): Promise<void> {
  const reader = body.getReader();
  // The head goes out at once, but with the first bytes where these are there: it saves a packet.
  const head = setImmediate(() => outgoing.headersSent || outgoing.flushHeaders());
  const cancel = () => void reader.cancel().catch(() => {}); // its writer has failed before
  if (outgoing.closed) cancel();
  else outgoing.once("close", cancel);
  try {
    for (let piece = await reader.read(); !piece.done; piece = await reader.read()) {
      if (!outgoing.write(piece.value)) await drained(outgoing);
    }
    if (!outgoing.closed) outgoing.end();
  } finally {
    clearImmediate(head);
  }
}

function drained(outgoing: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const go = () => {
      outgoing.off("drain", go).off("close", go);
      resolve();
    };
    outgoing.once("drain", go).once("close", go);
  });
}

/**
 * Somebody who was answered before the end of the body: the rest is dropped so that the next request of the
 * connection can come, but not for ever.
 */
function lingerOver(incoming: IncomingMessage, socket: Socket, lingerMs: number): void {
  if (incoming.complete) return;
  setTimeout(() => incoming.complete || socket.destroySoon(), lingerMs).unref();
  incoming.resume();
}
