/**
 * The first channel: the web app and the command line, over HTTP. It offers routes that the gateway mounts;
 * what happens goes out on `/api/events`.
 */

import type { Agent } from "../../agent/agent.ts";
import type { Clock } from "../../base/clock.ts";
import { Fault } from "../../base/fault.ts";
import type { Route } from "../../protocol/route.ts";
import type { Sessions, Turns } from "../../store/store.ts";
import type { Channel, Inbox } from "../channel.ts";
import type { Hub } from "../hub.ts";
import { approvalRoutes } from "./approvals.ts";
import { imageRoutes } from "./images.ts";
import { createStreams } from "./streams.ts";
import { messageRoutes } from "./messages.ts";
import { type SessionDeps, sessionRoutes } from "./sessions.ts";

export interface AppChannel extends Channel {
  readonly routes: readonly Route[];
  /** Open event streams, for the metrics. */
  openStreams(): number;
}

export type AppDeps = {
  agent: Pick<Agent, "isBusy" | "live" | "approvals" | "decide" | "grants" | "forget" | "stop">;
  sessions: Sessions;
  turns: Pick<Turns, "list">;
  hub: Hub;
  clock: Clock;
  /** Throws `MODEL_MISSING`, `MODEL_NONE` and the like for a model that cannot be picked. */
  checkModel: SessionDeps["checkModel"];
  onDelete?: SessionDeps["onDelete"];
};

export function createAppChannel(deps: AppDeps): AppChannel {
  let inbox: Inbox | undefined;
  let stopped = false;
  const streams = createStreams(deps);
  const takesIn = (): Inbox => {
    if (stopped) throw new Fault("GATEWAY_BUSY", { what: "the gateway is stopping" });
    if (!inbox) throw new Fault("GATEWAY_BUSY", { what: "the gateway is starting" });
    return inbox;
  };
  return {
    id: "app",
    routes: [
      ...sessionRoutes(deps),
      ...imageRoutes(deps),
      ...messageRoutes({ inbox: takesIn, isAttended: streams.isAttended }),
      ...approvalRoutes(deps.agent),
      streams.route,
    ],
    openStreams: streams.open,
    start: async (given) => {
      inbox = given;
    },
    stop: async () => {
      stopped = true;
      streams.close();
    },
  };
}
