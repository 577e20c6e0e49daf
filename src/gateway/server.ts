/**
 * The gateway as a function from request to response: everything that is the same for all routes, in
 * order. Whether it may come in (Host, Origin), which route, who asks, with which scope, a body that fits;
 * then the route; then the headers, the count and the log line. Listeners (TCP, Unix socket) hand requests
 * in; it opens none itself.
 */

import { randomBytes } from "node:crypto";

import { TrieRouter } from "hono/router/trie-router";

import { requireScope } from "../auth/auth.ts";
import type { WebAuth } from "../auth/web-auth.ts";
import type { Clock } from "../base/clock.ts";
import { Fault, toFault } from "../base/fault.ts";
import type { Log } from "../base/log.ts";
import { type HttpRequest, HttpResponse } from "../protocol/http.ts";
import type { Caller, Route } from "../protocol/route.ts";
import { faultAnswer, json, secure, toFailure } from "./answer.ts";
import { parseBody, readJson } from "./body.ts";
import { refuse, type Gate } from "./gate.ts";
import type { Metrics } from "./metrics.ts";
import type { Site } from "./site.ts";

export interface Gateway {
  /**
   * Answers one request. Never rejects. `peer` is where it came from: an IP address, or "unix", or
   * "process"; what is locked out after wrong keys is a peer.
   */
  answer(request: HttpRequest, peer: string): Promise<HttpResponse>;
  readonly routes: readonly Route[];
}

export type GatewayDeps = {
  auth: Pick<WebAuth, "identify" | "onRevoke">;
  routes: readonly Route[];
  site: Site;
  gate: Gate;
  metrics: Metrics;
  clock: Clock;
  log: Log;
  /** For a body to arrive; 30 s without it. */
  bodyTimeoutMs?: number;
};

/** A mebibyte is a long novel; routes that take more say so. */
const MAX_BODY_BYTES = 1024 * 1024;
/** The largest body, 20 MB, over a link of 6 Mbit/s. */
const BODY_TIMEOUT_MS = 30_000;
/** Paths of programs; all others are the app's and its files. */
const API = /^\/(?:api|v1)(?:\/|$)|^\/(?:healthz|readyz|metrics)$/;

/** For routes with scope "none": nobody, who may do nothing else. */
const NOBODY: Caller = { person: "", credential: "", scopes: [] };

export function createGateway(deps: GatewayDeps): Gateway {
  const { gate, site, metrics, clock, log } = deps;
  const run = randomBytes(3).toString("hex");
  const find = createFinder(deps.routes);
  const revocations = createRevocations(deps.auth);
  let count = 0;

  const pass = async (request: HttpRequest, at: At): Promise<HttpResponse> => {
    const { method, headers, url } = request;
    const isSite = !API.test(url.pathname);
    const fault = refuse(gate, { method, urlHost: url.host, isSite, headers });
    if (fault) throw fault;
    if (isSite) return site.answer(method, url.pathname, headers);
    const found = find(method, at, url.pathname);
    return serve(found, deps, revocations, { request, peer: at.peer });
  };

  return {
    routes: deps.routes,
    answer: async (request, peer) => {
      count += 1;
      const id = `${run}-${count}`;
      const startedMs = clock.elapsedMs();
      const at: At = { peer, path: "other" };
      let code: string | undefined;
      const response = await pass(request, at).catch((error: unknown) => {
        const shape = request.url.pathname.startsWith("/v1/") ? "openai" : "isopod";
        const failure = toFailure(reported(error, request, id, log));
        code = failure.code;
        return faultAnswer(failure, shape);
      });
      const { method } = request;
      const { status } = response;
      const ms = Math.round(clock.elapsedMs() - startedMs);
      metrics.request(method, at.path, status);
      const facts = { id, method, route: at.path, status, ms, ...(code && { fault: code }) };
      if (status >= 400) log.info(facts, "request refused");
      else log.debug(facts, "request");
      return secure(response, id);
    },
  };
}

/** Where a request came from, and the path of the route that it found: for the count and the log. */
type At = { peer: string; path: string };

/** A bug is logged with the request's id; a caller that hung up is none. */
function reported(error: unknown, request: HttpRequest, id: string, log: Log) {
  if (!(error instanceof Fault) && request.signal.aborted) return new Fault("TURN_STOPPED", {});
  return toFault(error, (bug, cause) => log.error({ id, bug, err: cause }, "a request failed"));
}

type Found = { route: Route; params: Record<string, string> };

/** Methods are looked at last, so that a wrong one is told from a wrong path. */
function createFinder(
  routes: readonly Route[],
): (method: string, at: At, pathname: string) => Found {
  const router = new TrieRouter<Route>();
  for (const route of routes) router.add("ALL", route.path, route);
  return (method, at, pathname) => {
    const [matches] = router.match("ALL", pathname);
    const [first] = matches;
    if (!first) throw new Fault("NOT_FOUND", { what: `a route for ${pathname.slice(0, 100)}` });
    at.path = first[0].path;
    // A HEAD is a GET whose body is dropped; on a stream that would never end.
    const asked = method === "HEAD" && HEADS.includes(pathname) ? "GET" : method;
    const match = matches.find(([route]) => route.method === asked);
    if (match) return { route: match[0], params: decodeEach(match[1]) };
    const allowed = matches.map(([route]) => route.method).join(", ");
    throw new Fault("METHOD_REFUSED", { method, allowed });
  };
}

/** The paths that load balancers ask with HEAD. */
const HEADS = ["/healthz", "/readyz"];

/** Ids are plain; a parameter that cannot be decoded names nothing as it is. */
const decodeEach = (params: object): Record<string, string> =>
  Object.fromEntries(Object.entries(params).map(([name, text]) => [name, decode(String(text))]));

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // what it names does not exist
  }
}

async function serve(
  { route, params }: Found,
  deps: GatewayDeps,
  revocations: Revocations,
  { request, peer }: { request: HttpRequest; peer: string },
): Promise<HttpResponse> {
  const { headers } = request;
  const caller = route.scope === "none" ? NOBODY : await deps.auth.identify(headers, peer);
  if (route.scope !== "none") requireScope(caller, route.scope);
  const body =
    route.body && parseBody(route.body, await readJson(request, bodyLimits(route, deps)));
  const result = await route.handle({
    caller,
    params,
    query: request.url.searchParams,
    headers,
    body,
    peer,
    // Most routes never look: a signal is made for those that do.
    get signal() {
      const { signal } = request;
      return caller === NOBODY
        ? signal
        : AbortSignal.any([signal, revocations.signal(caller.credential)]);
    },
  });
  return result instanceof HttpResponse ? result : json(result, route.status);
}

const bodyLimits = (route: Route, { bodyTimeoutMs }: GatewayDeps) => ({
  maxBytes: route.maxBodyBytes ?? MAX_BODY_BYTES,
  timeoutMs: bodyTimeoutMs ?? BODY_TIMEOUT_MS,
});

interface Revocations {
  /** Aborts when the credential is revoked; aborted already where it was. */
  signal(credential: string): AbortSignal;
}

/** One controller a credential, kept for the whole run: there are few, and a revoked one stays revoked. */
function createRevocations(auth: GatewayDeps["auth"]): Revocations {
  const controllers = new Map<string, AbortController>();
  const controllerOf = (credential: string) => {
    const controller = controllers.get(credential) ?? new AbortController();
    controllers.set(credential, controller);
    return controller;
  };
  auth.onRevoke((credential) => controllerOf(credential).abort(new Fault("AUTH_REFUSED", {})));
  return { signal: (credential) => controllerOf(credential).signal };
}
