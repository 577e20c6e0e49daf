/** One scheduler for one server, however many providers of the config lead to it. */

import type { Clock } from "../../base/clock.ts";
import { rootOf } from "../presets.ts";
import type { Server } from "../server.ts";
import type { QueueReport } from "../../protocol/api.ts";
import { createScheduler, type Scheduler } from "./scheduler.ts";
import { chooseLimit } from "./slots.ts";

export type { QueueReport } from "../../protocol/api.ts";

export interface Queues {
  /** The one before this server; how much it takes at once may have changed since it was opened last. */
  of(server: Server): Scheduler;
  report(): QueueReport[];
}

export function createQueues(deps: {
  clock: Clock;
  env: Readonly<Record<string, string | undefined>>;
}): Queues {
  const queues = new Map<string, { ids: Set<string>; scheduler: Scheduler }>();
  return {
    of({ id, provider, settings, product, slots }) {
      const key = rootOf(provider.baseUrl).replace("//localhost", "//127.0.0.1").toLowerCase();
      const limit = chooseLimit({ settings, product, slots, env: deps.env });
      const known = queues.get(key);
      if (known) {
        known.ids.add(id);
        known.scheduler.setLimit(limit);
        return known.scheduler;
      }
      const scheduler = createScheduler(deps.clock, limit);
      queues.set(key, { ids: new Set([id]), scheduler });
      return scheduler;
    },
    report: () =>
      Array.from(queues.values(), ({ ids, scheduler }) => ({
        servers: [...ids],
        ...scheduler.state,
      })),
  };
}
