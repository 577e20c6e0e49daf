/**
 * Node's requests as the standard's `Request`, and a `Response` sent back. Loaded with the first request:
 * the adapter and the HTTP client whose classes these are take 70 ms and 13 MB, for which no start waits.
 */

import type { IncomingMessage, ServerResponse } from "node:http";

import type { HttpBindings } from "@hono/node-server";

import type { Log } from "../base/log.ts";

export type Respond = (request: Request, incoming: IncomingMessage) => Response | Promise<Response>;

type Listener = (incoming: IncomingMessage, outgoing: ServerResponse) => Promise<void>;

export function createAdapter(respond: Respond, log: Log) {
  let loading: Promise<Listener> | undefined;
  return (incoming: IncomingMessage, outgoing: ServerResponse): void => {
    loading ??= load(respond, log);
    void loading.then((listener) => listener(incoming, outgoing));
  };
}

async function load(respond: Respond, log: Log): Promise<Listener> {
  const { getRequestListener } = await import("@hono/node-server");
  return getRequestListener(
    async (request, env) => {
      // HTTP/1 is all that we create, so these are its bindings.
      return streamed(await respond(request, (env as HttpBindings).incoming));
    },
    {
      overrideGlobalObjects: false, // Request and Response stay Node's own
      errorHandler: (error) => {
        const isBad = error instanceof Error && error.name === "RequestError";
        if (!isBad) log.error({ error }, "a request was not answered");
        return new Response(null, { status: isBad ? 400 : 500 });
      },
    },
  );
}

/** Without the header the adapter waits a moment for more of the stream before it sends the head. */
function streamed(response: Response): Response {
  const isStream = response.headers.get("content-type")?.startsWith("text/event-stream");
  if (isStream) response.headers.set("transfer-encoding", "chunked");
  return response;
}
