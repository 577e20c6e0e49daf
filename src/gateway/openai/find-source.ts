import type { Agent } from "../../agent/agent.ts";
import { Fault } from "../../base/fault.ts";
import type { Inbox } from "../../channels/channel.ts";
import type { Router } from "../../models/candidate.ts";
import type { Caller } from "../../protocol/route.ts";
import type { Metrics } from "../metrics.ts";
import { toAgentHistory } from "./conversation.ts";
import { openNamedSession, type NamedSessionDeps } from "./named-session.ts";
import type { ChatUsage } from "./sink.ts";
import { agentSource, modelSource, sessionSource, type Source } from "./sources.ts";
import { MAIN, MAIN_AGENT, parseTarget } from "./target.ts";
import type { ChatCompletion } from "./wire.ts";

export type SourceDeps = NamedSessionDeps & {
  agent: Pick<Agent, "runEphemeral" | "live">;
  inbox: Pick<Inbox, "submit" | "stop" | "watch">;
  router: Router;
  /** The ids under `agents.entries`. */
  agents: readonly string[];
  metrics: Metrics;
};

/** What is asked, by whom, and the headers that say more of it. */
export type Asked = { caller: Caller; headers: Headers; chat: ChatCompletion };

/**
 * Who answers this, counted. Throws `REQUEST_INVALID` for what the one who is named does not do, and what
 * `Router.route` throws.
 */
export async function findSource(
  deps: SourceDeps,
  asked: Asked,
  signal: AbortSignal,
): Promise<Source> {
  return measured(await choose(deps, asked, signal), deps.metrics);
}

type Found = { kind: "agent" | "session" | "model"; source: Source };

async function choose(
  deps: SourceDeps,
  { caller: { person }, headers, chat }: Asked,
  signal: AbortSignal,
): Promise<Found> {
  const target = parseTarget(chat.model ?? "", deps.agents);
  if (target.kind === "model") {
    const [candidate] = await deps.router.route({ picked: target.ref }, signal);
    // A router throws where nothing is left; an empty route would be its bug.
    if (!candidate) throw new Error(`an empty route for "${target.ref}"`);
    return { kind: "model", source: modelSource(candidate, chat, person) };
  }
  const history = toAgentHistory(chat);
  const model = headers.get("x-isopod-model") || undefined;
  const name = headers.get("x-isopod-session");
  if (name === null) {
    const turn = { person, history, agent: target.id, model };
    return { kind: "agent", source: agentSource(deps.agent, turn) };
  }
  if (model !== undefined || target.id !== MAIN) {
    throw new Fault("REQUEST_INVALID", {
      where: "header X-Isopod-Session",
      detail: `goes with "${MAIN_AGENT}" alone: a stored session keeps its own model`,
    });
  }
  const session = await openNamedSession(deps, person, name);
  const live = (id: string) => deps.agent.live(id);
  return { kind: "session", source: sessionSource(deps.inbox, live, { person, session, history }) };
}

/** Counts each answer once, however it ends. The pieces go straight through. */
function measured({ kind, source }: Found, metrics: Metrics): Source {
  return async (sink, signal) => {
    let usage: ChatUsage | undefined;
    let outcome: "ok" | "failed" = "failed";
    const close = metrics.openChat();
    try {
      const failure = await source(
        {
          ...sink,
          done: (reason, used) => {
            usage = used;
            sink.done(reason, used);
          },
        },
        signal,
      );
      if (!failure) outcome = "ok";
      return failure;
    } finally {
      close({ kind, outcome: signal.aborted ? "aborted" : outcome, usage });
    }
  };
}
