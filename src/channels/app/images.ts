/** The images of stored messages, one at a time: a session's text must not wait for them. */

import { Fault } from "../../base/fault.ts";
import { defineRoute, type Route } from "../../protocol/route.ts";
import type { Sessions } from "../../store/store.ts";

/** What is stored never changes, and is the caller's alone. */
const HEADERS = {
  "cache-control": "private, max-age=31536000, immutable",
};

export function imageRoutes(deps: { sessions: Pick<Sessions, "get" | "message"> }): Route[] {
  return [
    defineRoute({
      method: "GET",
      path: "/api/sessions/:id/messages/:message/images/:index",
      scope: "read",
      async handle({ caller, params }) {
        const { id = "", message: wanted = "", index = "" } = params;
        const session = await deps.sessions.get(caller.person, id);
        if (!session) throw new Fault("NOT_FOUND", { what: "session", id });
        const stored = await deps.sessions.message(id, wanted);
        const images = stored?.message.role === "user" ? (stored.message.images ?? []) : [];
        const image = /^\d{1,3}$/.test(index) ? images[Number(index)] : undefined;
        if (!image) throw new Fault("NOT_FOUND", { what: "image", id: `${wanted}/${index}` });
        return new Response(Buffer.from(image.data, "base64"), {
          headers: { ...HEADERS, "content-type": image.mediaType },
        });
      },
    }),
  ];
}
