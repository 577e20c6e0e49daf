/**
 * The gateway as a function from Request to Response: everything that is the same for all routes, in order. Whether it may come
 * in (Host, Origin), which route, who asks, with which scope, a body that fits; then the route; then the
 * headers, the count and the log line. Listeners (TCP, Unix socket) hand requests in; it opens none itself.
 */

import { randomBytes } from "node:crypto";

import { Hono } from "hono/tiny";

import { requireScope } from "../auth/auth.ts";
import type { WebAuth } from "../auth/web-auth.ts";
import type { Clock } from "../base/clock.ts";
import { Fault, toFault } from "../base/fault.ts";
import type { Log } from "../base/log.ts";
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
  answer(request: Request, peer: string): Promise<Response>;
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

type Context = { Bindings: { peer: string; route: { path: string } } };

export function createGateway(deps: GatewayDeps): Gateway {
  const { gate, site, metrics, clock, log } = deps;
  const run = randomBytes(3).toString("hex");
  const router = createRouter(deps, createRevocations(deps.auth));
  let count = 0;

  const pass = async (request: Request, url: URL, env: Context["Bindings"]): Promise<Response> => {
    const isSite = !API.test(url.pathname);
    const { method, headers } = request;
    const fault = refuse(gate, { method, urlHost: url.host, isSite, headers });
    if (fault) throw fault;
    if (isSite) return site.answer(method, url.pathname, headers);
    // Hono answers HEAD with a GET whose body is dropped: on a stream that would never end.
    if (method === "HEAD" && url.pathname !== "/healthz" && url.pathname !== "/readyz") {
      throw new Fault("METHOD_REFUSED", { method, allowed: "GET" });
    }
    return router.fetch(request, env);
  };

  return {
    routes: deps.routes,
    answer: async (request, peer) => {
      count += 1;
      const id = `${run}-${count}`;
      const startedMs = clock.elapsedMs();
      const url = new URL(request.url);
      const env = { peer, route: { path: "other" } };
      let code: string | undefined;
      const response = await pass(request, url, env).catch((error: unknown) => {
        const shape = url.pathname.startsWith("/v1/") ? "openai" : "isopod";
        const failure = toFailure(reported(error, request, id, log));
        code = failure.code;
        return faultAnswer(failure, shape);
      });
      const { method } = request;
      const { status } = response;
      const ms = Math.round(clock.elapsedMs() - startedMs);
      metrics.request(method, env.route.path, status);
      const facts = { id, method, route: env.route.path, status, ms, ...(code && { fault: code }) };
      if (status >= 400) log.info(facts, "request refused");
      else log.debug(facts, "request");
      return secure(response, id);
    },
  };
}

/** A bug is logged with the request's id; a caller that hung up is none. */
function reported(error: unknown, request: Request, id: string, log: Log) {
  if (!(error instanceof Fault) && request.signal.aborted) return new Fault("TURN_STOPPED", {});
  return toFault(error, (bug, cause) => log.error({ id, bug, err: cause }, "a request failed"));
}

function createRouter(deps: GatewayDeps, revocations: Revocations): Hono<Context> {
  const router = new Hono<Context>();
  const methods = new Map<string, string[]>();
  for (const route of deps.routes) {
    methods.set(route.path, [...(methods.get(route.path) ?? []), route.method]);
    router.on(route.method, route.path, (context) => {
      context.env.route.path = route.path;
      return serve(route, deps, revocations, {
        request: context.req.raw,
        params: context.req.param(),
        peer: context.env.peer,
      });
    });
  }
  for (const [path, allowed] of methods) {
    router.all(path, ({ req, env }) => {
      env.route.path = path;
      throw new Fault("METHOD_REFUSED", { method: req.method, allowed: allowed.join(", ") });
    });
  }
  router.notFound(({ req }) => {
    throw new Fault("NOT_FOUND", { what: `a route for ${req.path.slice(0, 100)}` });
  });
  // The pipeline answers faults, in one place; Hono's own answer is a plain text.
  router.onError((error) => {
    throw error;
  });
  return router;
}

async function serve(
  route: Route,
  deps: GatewayDeps,
  revocations: Revocations,
  { request, params, peer }: { request: Request; params: Record<string, string>; peer: string },
): Promise<Response> {
  const { headers } = request;
  const caller = route.scope === "none" ? NOBODY : await deps.auth.identify(headers, peer);
  if (route.scope !== "none") requireScope(caller, route.scope);
  const body =
    route.body && parseBody(route.body, await readJson(request, bodyLimits(route, deps)));
  const result = await route.handle({
    caller,
    params,
    query: new URL(request.url).searchParams,
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
  return result instanceof Response ? result : json(result, route.status);
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
