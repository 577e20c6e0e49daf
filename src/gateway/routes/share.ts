import type { Clock } from "../../base/clock.ts";
import { Fault } from "../../base/fault.ts";
import type { Log } from "../../base/log.ts";
import type { KeepingEvent } from "../../protocol/model-keeping.ts";
import { defineRoute, type Route } from "../../protocol/route.ts";
import { CopyAsked, ShareCode, ShareJoin, ShareLook, ShareStart } from "../../protocol/share.ts";
import type { Join } from "../../relay/join.ts";
import type { Share } from "../../relay/share.ts";
import { streamValues, told } from "../event-body.ts";
import { KEEPING_FAILED } from "./models.ts";

export type ShareRouteDeps = {
  share: Omit<Share, "resume" | "close">;
  join: Join;
  copy(wanted: { from: string; model: string }, signal: AbortSignal): AsyncIterable<KeepingEvent>;
  clock: Pick<Clock, "sleep">;
  log: Pick<Log, "error">;
};

/** Peers that sit at the machine itself. */
const HERE = new Set(["unix", "process"]);

/** What is open to other machines is for who sits at this one to say; an admin's key may be anywhere. */
function requireHere(peer: string): void {
  if (!HERE.has(peer)) throw new Fault("SHARE_NOT_HERE", {});
}

/** Sharing models with other devices, and using theirs. */
export const shareRoutes = ({ share, join, copy, clock, log }: ShareRouteDeps): Route[] => [
  defineRoute({
    method: "GET",
    path: "/api/share",
    scope: "admin",
    handle: async () => share.status(),
  }),
  defineRoute({
    method: "POST",
    path: "/api/share/start",
    scope: "admin",
    body: ShareStart,
    handle: ({ body, peer }) => {
      requireHere(peer);
      return share.start(body);
    },
  }),
  defineRoute({
    method: "POST",
    path: "/api/share/stop",
    scope: "admin",
    handle: () => share.stop(),
  }),
  defineRoute({
    method: "POST",
    path: "/api/share/codes",
    scope: "admin",
    body: ShareCode,
    handle: async ({ body, peer }) => {
      requireHere(peer);
      return share.createCode(body.scopes);
    },
  }),
  defineRoute({
    method: "DELETE",
    path: "/api/share/devices/:id",
    scope: "admin",
    handle: ({ params }) => share.revoke(params["id"] ?? ""),
  }),
  defineRoute({
    method: "POST",
    path: "/api/share/look",
    scope: "admin",
    body: ShareLook,
    handle: ({ body, peer, signal }) => {
      requireHere(peer);
      return join.look(body.url, signal);
    },
  }),
  defineRoute({
    method: "POST",
    path: "/api/share/join",
    scope: "admin",
    body: ShareJoin,
    handle: ({ body, peer, signal }) => {
      requireHere(peer);
      return join.join(body, signal);
    },
  }),
  defineRoute({
    method: "POST",
    path: "/api/share/copy",
    scope: "admin",
    body: CopyAsked,
    handle: async ({ body, signal }) =>
      streamValues(told(copy(body, signal), KEEPING_FAILED, { log, signal }), clock),
  }),
];
