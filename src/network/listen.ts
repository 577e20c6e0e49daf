import { chmodSync } from "node:fs";
import type { Server } from "node:http";

import { Fault } from "../base/fault.ts";
import type { Log } from "../base/log.ts";
import type { Doors } from "../process/doors.ts";
import { createAdapter, type Respond } from "./adapter.ts";
import { normalizeHost, readAddress } from "./address.ts";
import { createServer, loadHttps } from "./http.ts";
import type { Ledger } from "./ledger.ts";
import { answerRaw, type RawAnswer } from "./raw.ts";
import { clearStale, listenFailed, prepareFolder } from "./socket-file.ts";

/** Everything that others reach us by. */
export interface Listeners {
  /**
   * Serves on a TCP port; 0 takes a free one. `host` is an address, or "localhost" for 127.0.0.1. Throws
   * `PORT_IN_USE` or `LISTEN_FAILED`.
   */
  serveTcp(where: { host: string; port: number; fetch: Answer }): Promise<Listener>;
  /**
   * Serves on a Unix socket that its owner alone can open: mode 0600, in a folder that nobody else may
   * write, made with mode 0700 where it is missing. A socket that nobody answers on is replaced. Throws as
   * `serveTcp`, and `STORE_EXPOSED`.
   */
  serveUnix(where: { path: string; fetch: Answer }): Promise<Listener>;
  /**
   * Serves requests as they came, over TLS 1.3 alone, on an address of this machine. Throws as `serveTcp`.
   */
  serveTls(where: {
    host: string;
    port: number;
    identity: TlsIdentity;
    answer: RawAnswer;
  }): Promise<TlsListener>;
}

/** A certificate and its key, in PEM. */
export type TlsIdentity = { cert: string; key: string };

export interface TlsListener extends Listener {
  /** New connections see this certificate. */
  renew(identity: TlsIdentity): void;
}

/**
 * Answers a request; its signal aborts when the caller hangs up. `peer` is the caller's address, or
 * "unix". Chunks of a streamed body are sent as they come.
 */
export type Answer = (request: Request, peer: string) => Response | Promise<Response>;

export interface Listener {
  /** `http://127.0.0.1:18789`, or `unix:/path/to.sock`. */
  readonly url: string;
  /** The port, also where 0 was asked for; 0 for a Unix socket. */
  readonly port: number;
  /**
   * Takes nobody new, lets what runs end within the grace, then cuts it. Streams that never end are cut:
   * whoever wants them to end well ends them before. May be called twice.
   */
  close(): Promise<void>;
}

export type ListenersOptions = {
  doors: Doors;
  ledger: Pick<Ledger, "append">;
  log: Log;
  /** For tests; see below for what holds without them. */
  limits?: Partial<Limits>;
};

type Limits = {
  /** For the head of a request. Browsers send theirs at once; who trickles it means harm. */
  headersTimeoutMs: number;
  /** For the whole of a request: 20 MB, the largest body, over a link of 3 Mbit/s. */
  requestTimeoutMs: number;
  /** How often both are looked at. */
  checkMs: number;
  /** An idle connection is kept for the next request of a page or a script. */
  keepAliveMs: number;
  /** What close() waits for requests under way. */
  graceMs: number;
  /** Each takes a descriptor, and 1024 is what many systems give a process in all. */
  maxConnections: number;
};

const LIMITS: Limits = {
  headersTimeoutMs: 10_000,
  requestTimeoutMs: 60_000,
  checkMs: 2_000,
  keepAliveMs: 30_000,
  graceMs: 2_000,
  maxConnections: 512,
};

/** Node's own measure; cookies and proofs of ours need less than one. */
const MAX_HEADER_BYTES = 16 * 1024;
/** Browsers send some 20. */
const MAX_HEADERS = 100;

export function createListeners(options: ListenersOptions): Listeners {
  const limits = { ...LIMITS, ...options.limits };
  const { doors, ledger } = options;

  async function serve(
    server: Server,
    where: string,
    listen: () => void,
    scheme: "http" | "https" = "http",
  ): Promise<Listener> {
    await listening(server, where, () => doors.listen(listen));
    const bound = server.address();
    const isTcp = typeof bound === "object" && bound !== null;
    const host = isTcp && bound.family === "IPv6" ? `[${bound.address}]` : isTcp && bound.address;
    const label = isTcp ? `${host}:${bound.port}` : where;
    ledger.append({
      kind: "listener",
      purpose: "network.listen",
      host: label,
      address: "",
      sentBytes: 0,
      receivedBytes: 0,
      verdict: "allowed",
    });
    let closing: Promise<void> | undefined;
    return {
      url: isTcp ? `${scheme}://${label}` : `unix:${where}`,
      port: isTcp ? bound.port : 0,
      close: () => (closing ??= close(server, limits.graceMs)),
    };
  }

  return {
    async serveTcp({ host, port, fetch }) {
      const address = host === "localhost" ? "127.0.0.1" : normalizeHost(host);
      const where = `${host}:${port}`;
      if (!readAddress(address)) throw listenFailed(where, `"${host}" is not an address`);
      const server = create(options, limits, (request, { socket }) => {
        // One that hung up at once has no address any more: it gets one that nobody shares.
        return fetch(request, normalizeHost(socket.remoteAddress ?? "unknown"));
      });
      return serve(server, where, () => server.listen({ host: address, port }));
    },
    async serveUnix({ path, fetch }) {
      prepareFolder(path);
      await clearStale(path, doors);
      const server = create(options, limits, (request) => fetch(request, "unix"));
      const listener = await serve(server, path, () => {
        // The socket must never be open to others, not even between its making and a chmod.
        const before = process.umask(0o177);
        try {
          server.listen({ path });
        } finally {
          process.umask(before);
        }
      });
      chmodSync(path, 0o600); // again, for systems whose sockets heed no umask
      return listener;
    },
    async serveTls({ host, port, identity, answer }) {
      const where = `${host}:${port}`;
      if (!readAddress(host)) throw listenFailed(where, `"${host}" is not an address`);
      const server = loadHttps().createServer({
        ...httpOptions(limits),
        ...identity,
        minVersion: "TLSv1.3",
        ALPNProtocols: ["http/1.1"],
        // Who opens a connection and says nothing must not hold it for two minutes, as it would by default.
        handshakeTimeout: limits.headersTimeoutMs,
      });
      answerRaw(server, answer, options.log);
      const listen = () => server.listen({ host: normalizeHost(host), port });
      const listener = await serve(bounded(server, limits), where, listen, "https");
      return { ...listener, renew: (identity) => server.setSecureContext(identity) };
    },
  };
}

function create({ log }: ListenersOptions, limits: Limits, respond: Respond): Server {
  return bounded(createServer(httpOptions(limits), createAdapter(respond, log)), limits);
}

const httpOptions = (limits: Limits) => ({
  headersTimeout: limits.headersTimeoutMs,
  requestTimeout: limits.requestTimeoutMs,
  connectionsCheckingInterval: limits.checkMs,
  keepAliveTimeout: limits.keepAliveMs,
  maxHeaderSize: MAX_HEADER_BYTES,
  noDelay: true, // a token of a few bytes must not wait for the next
});

function bounded<S extends Server>(server: S, limits: Limits): S {
  server.maxHeadersCount = MAX_HEADERS;
  server.maxConnections = limits.maxConnections;
  return server;
}

function listening(server: Server, where: string, listen: () => void): Promise<void> {
  return new Promise((resolve, reject) => {
    const fail = (error: NodeJS.ErrnoException) => reject(toListenFault(where, error));
    server.once("error", fail);
    server.once("listening", () => {
      server.off("error", fail);
      resolve();
    });
    try {
      listen();
    } catch (error) {
      // An address that is none: thrown at once, where others are told later.
      fail(error instanceof Error ? error : new Error(String(error)));
    }
  });
}

function toListenFault(where: string, cause: NodeJS.ErrnoException): Fault {
  if (cause.code === "EADDRINUSE") return new Fault("PORT_IN_USE", { address: where }, { cause });
  return listenFailed(where, REASONS[cause.code ?? ""] ?? cause.message, cause);
}

const REASONS: Readonly<Record<string, string>> = {
  EACCES: "the system does not permit it (ports below 1024 are for root)",
  EADDRNOTAVAIL: "this machine has no such address",
};

function close(server: Server, graceMs: number): Promise<void> {
  return new Promise((resolve) => {
    if (!server.listening) return resolve();
    // A connection that becomes idle while we wait is one that nobody will use again.
    const sweep = setInterval(() => server.closeIdleConnections(), 20);
    const cut = setTimeout(() => server.closeAllConnections(), graceMs);
    server.close(() => {
      clearInterval(sweep);
      clearTimeout(cut);
      resolve();
    });
    server.closeIdleConnections();
  });
}
