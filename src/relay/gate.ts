/**
 * What a request must be before anything in it is believed. Pure: what came over the wire in, a path or a
 * fault out. One spelling of each path passes, so that no server behind can read another one.
 */

import { Fault } from "../base/fault.ts";
import type { RawRequest } from "../network/raw.ts";

export type Asked = {
  method: string;
  path: string;
  query: URLSearchParams;
  /** Of the headers that may come once, each once. */
  header(name: string): string | undefined;
};

/** A name sent twice is read differently by two servers; of these one is all there can be. */
const ONCE = new Set(
  `authorization connection content-encoding content-length content-type expect host origin
  sec-fetch-site te trailer transfer-encoding upgrade`.split(/\s+/),
);

/** Letters, digits and what stands in the routes; so no %, no backslash, no space, no control character. */
const PATH = /^(?:\/[A-Za-z0-9._:-]+)+$/;
const MAX_TARGET = 1_000;

/** Throws `RELAY_REQUEST_REFUSED`. */
export function readRequest({ method, target, httpVersion, headers }: RawRequest): Asked {
  if (httpVersion !== "1.1") throw refused("it is not HTTP/1.1");
  const found = new Map<string, string>();
  for (const [name, value] of headers) {
    if (ONCE.has(name) && found.has(name)) throw refused(`it has the header "${name}" twice`);
    found.set(name, value);
  }
  const header = (name: string) => found.get(name);
  for (const name of ["upgrade", "expect", "content-encoding", "trailer", "te"]) {
    if (header(name) !== undefined) throw refused(`the header "${name}" is not taken`);
  }
  const coding = header("transfer-encoding");
  if (coding !== undefined && coding !== "chunked") throw refused("its body is coded");
  if (coding !== undefined && header("content-length") !== undefined) {
    throw refused("its length is told twice");
  }
  return { method, ...readTarget(target), header };
}

function readTarget(target: string): { path: string; query: URLSearchParams } {
  // A path, and not the absolute form that proxies are asked in, nor the authority of CONNECT.
  if (!target.startsWith("/")) throw refused("its target is not a path");
  if (target.length > MAX_TARGET) throw refused("its path is too long");
  const [path = "", query = "", ...more] = target.split("?");
  if (more.length > 0 || target.includes("#")) throw refused("its target has no one reading");
  if (!PATH.test(path)) throw refused("its path is written in another way than it is offered");
  if (path.split("/").some((part) => /^\.+$/.test(part))) throw refused("its path has dots");
  return { path, query: new URLSearchParams(query) };
}

/** Names a request may use for us, without the port; and none that a browser sends for a page of somebody else. */
export function refuseStranger(asked: Asked, names: readonly string[]): Fault | undefined {
  const host = asked.header("host") ?? "";
  const name = host.toLowerCase().replace(/:\d{1,5}$/, "");
  if (!names.includes(name)) return refused(`its Host "${shown(host)}" is not ours`);
  // No page has business here: programs send neither of the two.
  const isPage = ["origin", "sec-fetch-site"].some((name) => asked.header(name) !== undefined);
  return isPage ? refused("it comes from a page in a browser") : undefined;
}

const shown = (text: string) => text.replaceAll(/[^\x21-\x7e]/g, "?").slice(0, 100);

const refused = (why: string) => new Fault("RELAY_REQUEST_REFUSED", { why });
