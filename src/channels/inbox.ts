import type { Agent } from "../agent/agent.ts";
import { Fault } from "../base/fault.ts";
import type { Sessions } from "../store/store.ts";
import type { Inbox } from "./channel.ts";
import type { Hub } from "./hub.ts";

export function createInbox(deps: {
  agent: Pick<Agent, "submit" | "stop">;
  sessions: Pick<Sessions, "get">;
  hub: Pick<Hub, "watch">;
}): Inbox {
  const { agent, sessions, hub } = deps;
  return {
    submit: (message) => agent.submit(message),
    stop: async (person, id) => {
      if (!(await sessions.get(person, id))) {
        throw new Fault("NOT_FOUND", { what: "session", id });
      }
      return agent.stop(person, id);
    },
    watch: (person, listener) => hub.watch(person, listener),
  };
}
