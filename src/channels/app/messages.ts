import { MessageCreate } from "../../protocol/api.ts";
import { MAX_IMAGES_BYTES } from "../../protocol/image.ts";
import { defineRoute, type Caller, type Route } from "../../protocol/route.ts";
import type { Inbox } from "../channel.ts";

/** What a program sends that has a person before it who can answer an approval. */
const ATTENDED = "x-isopod-attended";

/**
 * A text of a million characters may take four bytes each, and its JSON escapes some more; images take a
 * third more in base64.
 */
const MESSAGE_BYTES = 8 * 1024 * 1024 + Math.ceil((MAX_IMAGES_BYTES * 4) / 3);

export function messageRoutes(deps: {
  /** Throws `GATEWAY_BUSY` while nothing is taken in. */
  inbox: () => Inbox;
  /** Whether this person has an event stream open from which it may approve. */
  isAttended: (person: string) => boolean;
}): Route[] {
  return [
    defineRoute({
      method: "POST",
      path: "/api/sessions/:id/messages",
      scope: "chat",
      body: MessageCreate,
      maxBodyBytes: MESSAGE_BYTES,
      status: 202,
      handle: ({ caller, params, headers, body }) =>
        deps.inbox().submit({
          person: caller.person,
          session: params["id"] ?? "",
          text: body.text,
          ...(body.images === undefined ? {} : { images: body.images }),
          channel: "app",
          attended: saysAttended(caller, headers) || deps.isAttended(caller.person),
          ...(body.key === undefined ? {} : { key: body.key }),
        }),
    }),
    defineRoute({
      method: "POST",
      path: "/api/sessions/:id/stop",
      scope: "chat",
      handle: async ({ caller, params }) => ({
        stopped: await deps.inbox().stop(caller.person, params["id"] ?? ""),
      }),
    }),
  ];
}

/** The header counts from a caller who could approve: else nobody is there, whatever it says. */
const saysAttended = (caller: Caller, headers: Headers): boolean =>
  headers.get(ATTENDED) === "1" && caller.scopes.includes("approve");
