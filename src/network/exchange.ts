/** One request and its answer over a connection of a place. */

import type { Agent, ClientRequest, IncomingHttpHeaders, IncomingMessage } from "node:http";
import type { Socket } from "node:net";

import { Fault } from "../base/fault.ts";
import type { EgressRequest, EgressResponse } from "./egress.ts";
import { request as sendHttp } from "./http.ts";
import type { Place } from "./place.ts";
import type { Target } from "./target.ts";

/** What became of an exchange, for the ledger. Told exactly once, when its last byte has gone or come. */
export type Outcome = {
  address: string;
  sentBytes: number;
  receivedBytes: number;
  failure?: string | undefined;
};

/** The part of a body that `text()` returns when its caller names no limit. */
const TEXT_BYTES = 1024 * 1024;

/**
 * Sends the request and resolves with the head of the answer. Rejects with the signal's reason when
 * aborted, else with the socket's own error.
 */
export function exchange(
  place: Place,
  request: EgressRequest,
  target: Target,
  tell: (outcome: Outcome) => void,
): Promise<EgressResponse> {
  const { signal, headTimeoutMs } = request;
  const { running } = place;
  return new Promise((resolve, reject) => {
    place.purpose = request.purpose;
    const outgoing = open(place.agent, request, target);
    const bytes = countBytes(outgoing);
    let incoming: IncomingMessage | undefined;

    const stop = (reason: Error) => void (incoming ?? outgoing).destroy(reason);
    const abort = () => stop(toError(signal.reason));
    const timer =
      headTimeoutMs === undefined
        ? undefined
        : setTimeout(() => {
            const seconds = Math.ceil(headTimeoutMs / 1000);
            stop(new Fault("EGRESS_TIMEOUT", { host: target.label, seconds, what: "answer" }));
          }, headTimeoutMs);
    let isSettled = false;
    const settle = (failure?: string) => {
      isSettled = true;
      clearTimeout(timer);
      signal.removeEventListener("abort", abort);
      running.delete(stop);
      tell({ ...bytes(), failure });
    };
    const fail = (error: Error) => {
      // After the head has come, what goes wrong is the body's to throw.
      if (incoming || isSettled) return;
      settle(codeOf(error));
      if (signal.aborted) reject(signal.reason);
      else if (isStale(outgoing, error) && bytes().receivedBytes === 0) {
        place.closeIdle();
        resolve(exchange(place, request, target, tell));
      } else reject(error);
    };

    signal.addEventListener("abort", abort, { once: true });
    running.add(stop);
    outgoing.on("error", fail);
    // Such as after an answer that switches to another protocol: Node closes and says nothing.
    outgoing.once("close", () => {
      if (!incoming && !isSettled) fail(reset("the server ended the connection without an answer"));
    });
    outgoing.once("response", (head) => {
      incoming = head;
      clearTimeout(timer);
      let failure: string | undefined;
      // Without a listener, an error that comes while nobody reads would end the process.
      head.on("error", (error) => (failure = codeOf(error)));
      head.once("close", () => settle(failure));
      resolve(toResponse(head, outgoing));
    });
    outgoing.end(request.body);
  });
}

function open(agent: Agent, request: EgressRequest, target: Target): ClientRequest {
  const headers = Object.entries(request.headers ?? {}).filter(
    ([name]) => !OURS.has(name.toLowerCase()),
  );
  return sendHttp({
    agent,
    path: target.path,
    method: request.method ?? "GET",
    headers: { ...Object.fromEntries(headers), host: target.hostHeader, ...toFrame(request) },
    ...(target.auth === undefined ? {} : { auth: target.auth }),
  });
}

/**
 * Of a DELETE with a body Node tells no length: the server would take the body for the next request on the
 * connection.
 */
const toFrame = ({ body }: EgressRequest) =>
  body === undefined ? {} : { "content-length": Buffer.byteLength(body) };

/** Headers that frame a message or name its server; a caller's would let two servers read it differently. */
const OURS = new Set(["host", "content-length", "transfer-encoding", "connection", "expect"]);

/** Bytes by the socket's own count, so that no chunk is touched for it. */
function countBytes(outgoing: ClientRequest): () => Omit<Outcome, "failure"> {
  let socket: Socket | undefined;
  let read = 0;
  let written = 0;
  let isOpened = false;
  outgoing.once("socket", (assigned) => {
    socket = assigned;
    isOpened = !assigned.connecting;
    // A connection that is used again is open, and would gather a listener for each request.
    if (!isOpened) assigned.once("connect", () => (isOpened = true));
    read = assigned.bytesRead;
    written = assigned.bytesWritten;
  });
  let address = "";
  outgoing.once("response", () => (address = socket?.remoteAddress ?? ""));
  return () => {
    address ||= socket?.remoteAddress ?? "";
    // What waits for a connection counts as written for Node, but never went anywhere.
    const sentBytes = socket && isOpened ? socket.bytesWritten - written : 0;
    return { address, sentBytes, receivedBytes: (socket?.bytesRead ?? 0) - read };
  };
}

/** The server closed an idle connection in the moment we used it; it has seen nothing of the request. */
function isStale(outgoing: ClientRequest, error: Error): boolean {
  return outgoing.reusedSocket && ["ECONNRESET", "EPIPE"].includes(codeOf(error));
}

function toResponse(head: IncomingMessage, outgoing: ClientRequest): EgressResponse {
  const status = head.statusCode ?? 0;
  const isEmpty = outgoing.method === "HEAD" || status === 204 || status === 304;
  // Nobody reads a body that there is not; read here, the connection is free for the next request.
  if (isEmpty || head.headers["content-length"] === "0") head.resume();
  return {
    status,
    headers: toHeaders(head.headers),
    body: head,
    text: (maxBytes = TEXT_BYTES) => readText(head, maxBytes),
  };
}

function toHeaders(headers: IncomingHttpHeaders): Record<string, string> {
  const plain: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined) plain[name] = Array.isArray(value) ? value.join(", ") : value;
  }
  return plain;
}

async function readText(body: AsyncIterable<Uint8Array>, maxBytes: number): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body) {
    chunks.push(chunk.subarray(0, maxBytes - size));
    size += chunk.length;
    if (size > maxBytes) break; // leaving the loop closes the connection
  }
  return new TextDecoder().decode(Buffer.concat(chunks));
}

const reset = (text: string) => Object.assign(new Error(text), { code: "ECONNRESET" });

function codeOf(error: Error): string {
  return "code" in error && typeof error.code === "string" ? error.code : error.name;
}

/** Streams can be ended with errors only; a reason that is none becomes the cause of one. */
function toError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error("the request was aborted", { cause: reason });
}
