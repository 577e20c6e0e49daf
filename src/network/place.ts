import type { Agent as HttpAgent } from "node:http";
import type { LookupFunction, Socket } from "node:net";
import { connect as connectTcp, isIP } from "node:net";
import type { Duplex } from "node:stream";
import { connect as connectTls, TLSSocket } from "node:tls";

import { Fault } from "../base/fault.ts";
import type { Doors } from "../process/doors.ts";
import { Agent } from "./http.ts";
import type { Ledger } from "./ledger.ts";
import { type Pin, type PinOf, toPin } from "./pin.ts";
import type { Target } from "./target.ts";

/** One server that requests were sent to, with its open connections. */
export interface Place {
  readonly agent: HttpAgent;
  readonly target: Target;
  /** The addresses that were checked last; a new connection goes to these only. */
  addresses: readonly string[];
  /** What the request is for that is being sent right now; a connection opened for it says so. */
  purpose: string;
  /** Requests under way, each as the function that ends it. */
  readonly running: Set<(reason: Error) => void>;
  /** Closes connections that nobody uses. */
  closeIdle(): void;
}

export type PlaceOptions = {
  doors: Doors;
  ledger: Pick<Ledger, "append">;
  /** Further certificates to trust, in PEM. */
  ca?: readonly string[] | undefined;
  /** See `EgressOptions`. */
  pinOf?: PinOf | undefined;
};

/** A host on a LAN answers within milliseconds; one that is switched off would keep us for two minutes. */
const CONNECT_TIMEOUT_MS = 10_000;

/** As many as chats that may run at once on one server; more connections are closed after use. */
const MAX_IDLE = 32;

export function createPlace(target: Target, options: PlaceOptions): Place {
  const agent = new Agent({ keepAlive: true, maxFreeSockets: MAX_IDLE });
  const place: Place = {
    agent,
    target,
    addresses: [],
    purpose: "",
    running: new Set(),
    closeIdle() {
      for (const sockets of Object.values(agent.freeSockets)) {
        for (const socket of sockets ?? []) socket.destroy();
      }
    },
  };
  // An agent of our own asks no environment for a proxy, and its connections come from here alone.
  agent.createConnection = (_, give) => {
    const socket = openConnection(place, options);
    if (!pinOf(place, options) || !give) return socket;
    handOver(socket, give);
    return undefined;
  };
  return place;
}

/** Not before its key was checked: not one byte of a request goes to a stranger. */
function handOver(socket: Socket, give: (error: Error | null, socket: Duplex) => void): void {
  const fail = (error: Error) => give(error, socket);
  const close = () => fail(Object.assign(new Error("the server hung up"), { code: "ECONNRESET" }));
  socket.once("error", fail);
  socket.once("close", close);
  socket.once("secureConnect", () => {
    if (socket.destroyed) return;
    socket.off("error", fail);
    socket.off("close", close);
    give(null, socket);
  });
}

/** Opens one to the place's checked addresses, in limited time, and writes it to the ledger. */
export function openConnection(place: Place, options: PlaceOptions): Socket {
  const pin = pinOf(place, options);
  const socket = options.doors.connect(() => dial(place, options, pin));
  const { target, purpose } = place;
  // First of all that hear of it: whoever comes later finds the connection closed where the key is another.
  if (pin && socket instanceof TLSSocket) {
    socket.once("secureConnect", () => checkKey(socket, target, pin));
  }
  const timer = setTimeout(() => {
    const seconds = CONNECT_TIMEOUT_MS / 1000;
    const params = { host: target.label, seconds, what: "connection" };
    socket.destroy(new Fault("EGRESS_TIMEOUT", params, { cause: timedOut() }));
  }, CONNECT_TIMEOUT_MS).unref();
  socket.once("close", () => clearTimeout(timer));
  socket.once("connect", () => {
    // Written now, not when the request is over: that may be minutes, or never.
    options.ledger.append({
      kind: "connection",
      purpose,
      host: target.label,
      address: socket.remoteAddress ?? "",
      sentBytes: 0,
      receivedBytes: 0,
      verdict: "allowed",
    });
  });
  socket.once(target.secure ? "secureConnect" : "connect", () => clearTimeout(timer));
  return socket;
}

/** What the system would say in the end; it tells a way that is not there from a server that thinks long. */
export const timedOut = () => Object.assign(new Error("timed out"), { code: "ETIMEDOUT" });

function checkKey(socket: TLSSocket, { label }: Target, isPinned: Pin): void {
  const key = socket.getPeerX509Certificate()?.publicKey.export({ type: "spki", format: "der" });
  const found = key === undefined ? "none" : toPin(key);
  if (!isPinned(found)) socket.destroy(new Fault("EGRESS_PIN_MISMATCH", { host: label, found }));
}

const pinOf = ({ target }: Place, options: PlaceOptions): Pin | undefined =>
  target.secure ? options.pinOf?.(target.label) : undefined;

function dial(place: Place, { ca }: PlaceOptions, pin: Pin | undefined): Socket {
  const { destination, port, secure } = place.target;
  if (destination.kind === "unix") return connectTcp({ path: destination.path });
  const { addresses } = place;
  const [only] = addresses;
  // A single address is given as it is; of several Node tries one after the other, none but these.
  const host = addresses.length === 1 && only ? only : destination.host;
  const where = { host, port, lookup: lookupAmong(addresses), noDelay: true };
  if (!secure) return connectTcp(where);
  return connectTls({
    ...where,
    // The certificate must be the one of the name that config wrote, whatever address it led to.
    servername: isIP(destination.host) ? "" : destination.host,
    ALPNProtocols: ["http/1.1"],
    // Said here, so that NODE_TLS_REJECT_UNAUTHORIZED=0 cannot unsay it. A pinned key needs nobody who
    // vouches for it, and no date: `checkKey` compares it on every connection.
    rejectUnauthorized: pin === undefined,
    ...(pin && { minVersion: "TLSv1.3" as const }),
    ...(ca ? { ca: [...ca] } : {}),
  });
}

/** Answers with what was checked, in place of the system's resolver, so that nothing is asked twice. */
function lookupAmong(addresses: readonly string[]): LookupFunction {
  return (host, { all }, callback) => {
    const answers = addresses.map((address) => ({ address, family: isIP(address) }));
    const [first] = answers;
    if (!first) callback(new Error(`no checked address of ${host}`), "");
    else if (all) callback(null, answers);
    else callback(null, first.address, first.family);
  };
}
