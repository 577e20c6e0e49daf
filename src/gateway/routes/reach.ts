import type { Hub } from "../../channels/hub.ts";
import type { LinkOverride, Mode, Status } from "../../protocol/event.ts";
import {
  CheckOrder,
  type CheckReport,
  LinkSet,
  type ModeReport,
  ModeSet,
} from "../../protocol/reach.ts";
import { defineRoute, type Route } from "../../protocol/route.ts";

/** What may be reached and what can be; `reach.ts` at the top hands it in. */
export type ReachDeps = {
  status: () => Promise<Status>;
  readMode: () => Promise<ModeReport>;
  /** Throws `MODE_CAPPED`. */
  setMode: (mode: Mode, wish: ModeWishes) => Promise<void>;
  /** Undefined gives it back to what is seen. */
  setLink: (said: LinkOverride | undefined) => Promise<void>;
  /** Throws `MODE_CHECK_NOTHING` and `EGRESS_BLOCKED`. */
  checkLink: (host: string | undefined, signal: AbortSignal) => Promise<CheckReport>;
  hub: Pick<Hub, "publishToAll">;
};

export type ModeWishes = { by: string; term: { forMs: number } | "restart" | undefined };

export function reachRoutes(deps: ReachDeps): Route[] {
  /** Everyone sees at once what one of them changed. */
  const changed = async (): Promise<Status> => {
    const now = await deps.status();
    deps.hub.publishToAll({ type: "status", status: now });
    return now;
  };
  return [
    defineRoute({ method: "GET", path: "/api/mode", scope: "read", handle: deps.readMode }),
    defineRoute({
      method: "PUT",
      path: "/api/mode",
      scope: "admin",
      body: ModeSet,
      handle: async ({ body, caller }) => {
        await deps.setMode(body.mode, { by: caller.person, term: toTerm(body) });
        return changed();
      },
    }),
    defineRoute({
      method: "POST",
      path: "/api/mode/check",
      scope: "admin",
      body: CheckOrder,
      handle: ({ body, signal }) => deps.checkLink(body.host, signal),
    }),
    defineRoute({
      method: "PUT",
      path: "/api/link",
      scope: "admin",
      body: LinkSet,
      handle: async ({ body }) => {
        await deps.setLink(body.link === "auto" ? undefined : body.link);
        return changed();
      },
    }),
  ];
}

const toTerm = ({ forSeconds, until }: ModeSet): ModeWishes["term"] =>
  forSeconds === undefined ? until : { forMs: forSeconds * 1_000 };
