/** The agent of a gateway: takes messages in, runs their turns, answers what people ask about them. */

import { Fault } from "../base/fault.ts";
import type { Agent } from "./agent.ts";
import { runEphemeral } from "./ephemeral.ts";
import { type AgentDeps, createParts } from "./parts.ts";
import { stop } from "./stop.ts";
import { submit } from "./submit.ts";

/** How long the end of the gateway waits for a tool that does not listen; it is reconciled at the next start. */
const CLOSE_MS = 5_000;

const LIST_GRANTS = "List what was agreed to with `isopod grants list`";

export function createAgent(deps: AgentDeps): Agent {
  const parts = createParts(deps);
  const { lanes, approvals, grants, live } = parts;
  let closed: Promise<void> | undefined;

  return {
    submit: async (message) => {
      if (closed) throw new Fault("AGENT_CLOSED", {});
      return submit(parts, message);
    },
    stop: (person, session) => stop(parts, person, session),
    isBusy: (session) => lanes.running(session) !== undefined,
    live: (session) => {
      const turn = lanes.running(session)?.id;
      return turn === undefined ? null : { turn, events: live.get(turn)?.events() ?? [] };
    },
    approvals: (person) => approvals.list(person),
    decide: async (person, id, decision) => approvals.decide(person, id, decision),
    grants: (person) => grants.list(person),
    forget: async (person, grant) => {
      if (await grants.forget(person, grant)) return;
      throw new Fault("NOT_FOUND", { what: "grant", id: grant, instead: LIST_GRANTS });
    },
    resume: async () => {
      const turns = await deps.store.turns.unfinished();
      for (const turn of turns) {
        parts.turnDeps.resumed.add(turn.id);
        lanes.add(turn);
      }
      return { turns: turns.length };
    },
    close: () => {
      const reason = new Fault("AGENT_CLOSED", {});
      closed ??= Promise.race([lanes.close(reason), deps.clock.sleep(CLOSE_MS)]);
      return closed;
    },
    runEphemeral: (turn, emit, signal) => runEphemeral(parts, turn, emit, signal),
  };
}
