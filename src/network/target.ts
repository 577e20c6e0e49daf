import { Fault } from "../base/fault.ts";
import { withoutLogin } from "../base/without-login.ts";
import { normalizeHost } from "./address.ts";
import type { Destination } from "./policy.ts";

/** Where one request goes, read once from its URL. */
export type Target = {
  /** One per server: what shares it may share a connection. */
  key: string;
  /** For people and the ledger: host and port, or the path of the socket. */
  label: string;
  destination: Destination;
  port: number;
  secure: boolean;
  /** Path and query, as they are sent. */
  path: string;
  /** The Host header. A caller cannot choose it: it decides which server of a proxy answers. */
  hostHeader: string;
  /** `user:password` of the URL, where it has them; sent as Basic, never written down. */
  auth?: string;
};

/** Throws `EGRESS_URL_INVALID`, which shows the URL without its credentials. */
export function parseTarget(text: string): Target {
  if (text.startsWith("unix:")) return parseUnix(text);
  const url = URL.parse(text);
  if (!url || !/^https?:$/.test(url.protocol)) throw invalid(text);
  const secure = url.protocol === "https:";
  const port = Number(url.port) || (secure ? 443 : 80);
  // The URL parser has made addresses of 2130706433, 0x7f.1 and 0177.0.0.1: one spelling is checked and used.
  const host = normalizeHost(url.hostname);
  const auth = readAuth(url, text);
  return {
    key: `${url.protocol}//${host}:${port}`,
    label: `${host.includes(":") ? `[${host}]` : host}:${port}`,
    destination: { kind: "tcp", host },
    port,
    secure,
    path: url.pathname + url.search,
    hostHeader: url.host,
    ...(auth === undefined ? {} : { auth }),
  };
}

function parseUnix(text: string): Target {
  const [, path, request] = /^unix:(\/[^:\0]*)(?::(\/.*)?)?$/.exec(text) ?? [];
  // The same parser as for TCP, so that what is sent is escaped in the same way.
  const url = URL.parse(request ?? "/", "http://localhost");
  if (!path || !url) throw invalid(text);
  return {
    key: `unix:${path}`,
    label: path,
    destination: { kind: "unix", path },
    port: 0,
    secure: false,
    path: url.pathname + url.search,
    hostHeader: "localhost",
  };
}

function readAuth(url: URL, text: string): string | undefined {
  if (!url.username && !url.password) return undefined;
  try {
    return decodeURIComponent(`${url.username}:${url.password}`);
  } catch (cause) {
    throw new Fault("EGRESS_URL_INVALID", { url: shown(text) }, { cause });
  }
}

function invalid(text: string): Fault {
  return new Fault("EGRESS_URL_INVALID", { url: shown(text) });
}

/** Without credentials, and no longer than one can read. */
const shown = (text: string) => withoutLogin(text).slice(0, 200);
