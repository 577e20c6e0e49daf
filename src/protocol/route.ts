import type { z } from "zod";

import type { Scope } from "./api.ts";

/** Who makes a request, as `auth` found out. */
export type Caller = {
  person: string;
  /** The key or the device it came with; revoking it closes the caller's streams. */
  credential: string;
  scopes: readonly Scope[];
};

/** One HTTP route that a room offers; the gateway mounts them all and does what they have in common. */
export interface Route<Body = unknown> {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** Such as "/api/sessions/:id". */
  readonly path: string;
  /** The scope that a caller needs; "none" for what answers without a key. */
  readonly scope: Scope | "none";
  readonly body?: z.ZodType<Body>;
  /** Largest body in bytes; 1 MiB without it. A larger one gets 413 before it is read. */
  readonly maxBodyBytes?: number;
  /** The status of a plain answer; 200 without it. */
  readonly status?: number;
  /**
   * Returns what is sent as JSON, or a `Response` of its own. Throws a `Fault` for what a caller can mend.
   * Every object that an id names must be checked against `caller.person`: an object of somebody else
   * does not exist (`NOT_FOUND`).
   */
  handle(request: RouteRequest<Body>): Promise<unknown>;
}

export type RouteRequest<Body> = {
  caller: Caller;
  params: Record<string, string>;
  query: URLSearchParams;
  headers: Headers;
  body: Body;
  /** Where it came from: an IP address, "unix" or "process". Wrong keys and codes lock out a peer. */
  peer: string;
  /** Aborted when the caller hangs up or its credential is revoked. */
  signal: AbortSignal;
};

export const defineRoute = <Body>(route: Route<Body>): Route<Body> => route;
