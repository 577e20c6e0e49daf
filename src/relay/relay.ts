/**
 * Stands before a model server and passes on what may be passed on. Each request is parsed and made anew:
 * nothing of what a caller sent reaches the server but a path of the table, and the fields that are allowed in
 * its body. Nothing here knows who asks; `share.ts` does, and later the cage.
 */

import type { Clock } from "../base/clock.ts";
import { Fault } from "../base/fault.ts";
import { isTooDeep } from "../base/json.ts";
import { joinUrl } from "../models/model-server.ts";
import type { Egress, EgressResponse } from "../network/egress.ts";
import type { RawRequest, RawResponse } from "../network/raw.ts";
import type { Mode } from "../protocol/event.ts";
import type { RelayScope } from "../protocol/share.ts";
import { type Tag, toPlainTag } from "./answers.ts";
import type { Asked } from "./gate.ts";
import { createLocalModels, isLocal } from "./local-models.ts";
import { findRoute, type Product, type RelayRoute } from "./routes.ts";

/** The server behind. */
export type Upstream = {
  product: Product;
  /** Without a path. */
  baseUrl: string;
  /** Its own key, where it has one; a caller's never reaches it. */
  headers?: Readonly<Record<string, string>>;
};

export type RelayOptions = {
  upstream: Upstream;
  egress: Egress;
  clock: Clock;
  /** What a registry may be asked for depends on it. */
  mode: () => Mode;
};

export interface Relay {
  /** Throws the fault to answer with, or the signal's reason. `asked` is the request as `gate.ts` read it. */
  answer(
    asked: Asked,
    request: Pick<RawRequest, "body">,
    scopes: readonly RelayScope[],
    signal: AbortSignal,
  ): Promise<RawResponse>;
  /** The models there are on this machine. */
  models(signal: AbortSignal): Promise<string[]>;
}

/** A long conversation with images; what is bigger is not meant for a model. */
export const MAX_BODY_BYTES = 20 * 1024 * 1024;
/** As for our own listings: a server with hundreds of models says less. */
const MAX_LISTING_BYTES = 8 * 1024 * 1024;
const LISTING_MS = 10_000;
const PURPOSE = "relay";

export function createRelay({ upstream, egress, clock, mode }: RelayOptions): Relay {
  const { product, baseUrl } = upstream;

  async function send(
    route: { method: string; path: string; headTimeoutMs?: number },
    body: string | undefined,
    signal: AbortSignal,
  ): Promise<EgressResponse> {
    try {
      return await egress.request({
        url: joinUrl(baseUrl, route.path),
        purpose: PURPOSE,
        method: route.method,
        headers: {
          ...(body !== undefined && { "content-type": "application/json" }),
          ...upstream.headers,
        },
        ...(body !== undefined && { body }),
        ...(route.headTimeoutMs !== undefined && { headTimeoutMs: route.headTimeoutMs }),
        signal,
      });
    } catch (cause) {
      signal.throwIfAborted();
      throw silent(cause);
    }
  }

  async function ask(path: string, signal: AbortSignal): Promise<unknown> {
    const response = await send(
      { method: "GET", path, headTimeoutMs: LISTING_MS },
      undefined,
      signal,
    );
    return readListing(response);
  }
  const local = createLocalModels({ product, ask, clock });

  async function checkModels(
    route: RelayRoute,
    body: Record<string, unknown>,
    signal: AbortSignal,
  ) {
    for (const field of route.models ?? []) {
      const model = String(body[field]);
      if (!(await local.has(model, signal))) throw new Fault("RELAY_MODEL_MISSING", { model });
    }
  }

  return {
    models: (signal) => local.names(signal),

    async answer(asked, request, scopes, signal) {
      const route = findRoute(product, asked);
      // A query chooses nothing that is offered, and some servers read bodies' fields from it.
      if (!route || asked.query.size > 0) throw notOffered(asked);
      if (!scopes.includes(route.scope)) throw new Fault("SHARE_SCOPE", { scope: route.scope });
      if (route.downloads && mode() !== "internet") throw blocked(mode());
      const body = route.body && (await readBody(route.body, asked, request));
      if (!route.body) refuseBody(asked);
      if (body) await checkModels(route, body, signal);
      const { method, path } = route;
      const sent = { method, path, ...(route.listing && { headTimeoutMs: LISTING_MS }) };
      const response = await send(sent, body && JSON.stringify(body), signal);
      return route.listing ? toListing(route, response) : toStream(response);
    },
  };
}

const notOffered = ({ method, path }: Asked) =>
  new Fault("RELAY_NOT_OFFERED", { route: `${method.slice(0, 10)} ${path.slice(0, 80)}` });

const blocked = (mode: Mode) =>
  new Fault("EGRESS_BLOCKED", {
    host: "the registry of models",
    mode,
    why: "a download asks the internet",
    allow: "Allow it there with `isopod mode set internet`",
  });

function refuseBody(asked: Asked): void {
  const length = asked.header("content-length") ?? "0";
  if (length === "0" && asked.header("transfer-encoding") === undefined) return;
  throw new Fault("RELAY_REQUEST_REFUSED", { why: "a body has no place here" });
}

async function readBody(
  schema: NonNullable<RelayRoute["body"]>,
  asked: Asked,
  request: Pick<RawRequest, "body">,
): Promise<Record<string, unknown>> {
  const length = Number(asked.header("content-length") ?? 0);
  if (length > MAX_BODY_BYTES) throw tooLarge();
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of request.body) {
    size += chunk.length;
    if (size > MAX_BODY_BYTES) throw tooLarge();
    chunks.push(chunk);
  }
  const result = schema.safeParse(parseJson(Buffer.concat(chunks)));
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const path = issue?.path.map(String).join(".") || "the body";
  throw new Fault("RELAY_BODY_REFUSED", {
    path: path.replaceAll(/[^\x20-\x7e]/g, "?").slice(0, 100),
    why: issue?.message ?? "cannot be read",
  });
}

const tooLarge = () => new Fault("RELAY_TOO_LARGE", { limitBytes: MAX_BODY_BYTES });

function parseJson(bytes: Uint8Array): unknown {
  try {
    const text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
    if (isTooDeep(text)) throw new RangeError("it is nested too deep");
    return JSON.parse(text) as unknown;
  } catch (cause) {
    const why = cause instanceof RangeError ? "is nested too deep" : "is not JSON";
    throw new Fault("RELAY_BODY_REFUSED", { path: "the body", why }, { cause });
  }
}

async function readListing(response: EgressResponse): Promise<unknown> {
  try {
    const text = await response.text(MAX_LISTING_BYTES);
    if (response.status !== 200) throw new Error(`it answered ${response.status}`);
    return JSON.parse(text) as unknown;
  } catch (cause) {
    throw silent(cause);
  }
}

const silent = (cause: unknown) => {
  if (cause instanceof Fault && cause.code !== "EGRESS_TIMEOUT") return cause;
  const detail = cause instanceof Error ? cause.message.split("\n")[0] : undefined;
  return new Fault("RELAY_SERVER_SILENT", { detail: detail ?? "no answer" }, { cause });
};

async function toListing(route: RelayRoute, response: EgressResponse): Promise<RawResponse> {
  if (response.status !== 200) return toStream(response);
  const parsed = route.listing?.safeParse(await readListing(response));
  if (!parsed?.success) throw silent(new Error("its listing is of another kind"));
  const body = JSON.stringify(withoutRemote(route, parsed.data));
  return { status: 200, headers: { "content-type": "application/json" }, body };
}

/** Models that run elsewhere are not shown; whoever asks for one anyway hears that it is not there. */
function withoutRemote({ entries }: RelayRoute, listing: object): object {
  if (entries?.[0] !== "models") return listing;
  const { models } = listing as { models: Tag[] }; // as its schema says
  return { ...listing, models: models.filter(isLocal).map(toPlainTag) };
}

/** Statuses that a server means for the caller; others are about us, or lead elsewhere. */
const PASSED = new Set([200, 400, 404, 405, 413, 422, 429, 500, 501, 503]);

/** Of the head the kind of the body alone goes on: no redirect, no cookie, nothing that frames the message. */
function toStream({ status, headers, body }: EgressResponse): RawResponse {
  if (!PASSED.has(status)) {
    void body[Symbol.asyncIterator]().return?.();
    throw silent(new Error(`it answered ${status}`));
  }
  const type = headers["content-type"] ?? "application/octet-stream";
  return { status, headers: { "content-type": type, "cache-control": "no-store" }, body };
}
