import { randomUUID } from "node:crypto";

import type { Agent } from "../../agent/agent.ts";
import type { Clock } from "../../base/clock.ts";
import { Fault } from "../../base/fault.ts";
import type { Log } from "../../base/log.ts";
import type { Inbox } from "../../channels/channel.ts";
import type { Router } from "../../models/candidate.ts";
import { defineRoute, type Route, type RouteRequest } from "../../protocol/route.ts";
import { faultAnswer, json } from "../answer.ts";
import type { Metrics } from "../metrics.ts";
import { streamChat } from "./chat-stream.ts";
import { createCollector } from "./collector.ts";
import { toAgentHistory } from "./conversation.ts";
import { openNamedSession, type NamedSessionDeps } from "./named-session.ts";
import type { ChatUsage } from "./sink.ts";
import { agentSource, modelSource, sessionSource, type Source } from "./sources.ts";
import { MAIN, MAIN_AGENT, parseTarget } from "./target.ts";
import { CHAT_BODY_BYTES, ChatCompletion } from "./wire.ts";

export type ChatDeps = NamedSessionDeps & {
  agent: Pick<Agent, "runEphemeral" | "live">;
  inbox: Pick<Inbox, "submit" | "stop" | "watch">;
  router: Router;
  /** The ids under `agents.entries`. */
  agents: readonly string[];
  metrics: Metrics;
  clock: Clock;
  log: Log;
};

export function chatRoute(deps: ChatDeps): Route {
  const { clock, log, metrics } = deps;
  return defineRoute({
    method: "POST",
    path: "/v1/chat/completions",
    scope: "chat",
    body: ChatCompletion,
    maxBodyBytes: CHAT_BODY_BYTES,
    handle: async (request) => {
      const { body, signal } = request;
      const startedMs = clock.elapsedMs();
      const found = await findSource(deps, request);
      const source = measured(found, deps);
      const about = {
        id: `chatcmpl-${randomUUID()}`,
        model: body.model || MAIN_AGENT,
        created: Math.floor(clock.now() / 1000),
      };
      if (body.stream) {
        const began = () => metrics.firstToken(clock.elapsedMs() - startedMs);
        const includeUsage = body.stream_options?.include_usage ?? false;
        return streamChat({ source, about, includeUsage, began, clock, log }, signal);
      }
      const collector = createCollector();
      const failure = await source(collector, signal);
      return failure ? faultAnswer(failure, "openai") : json(collector.completion(about));
    },
  });
}

type Found = { kind: "agent" | "session" | "model"; source: Source };

async function findSource(
  deps: ChatDeps,
  { caller, headers, body, signal }: RouteRequest<ChatCompletion>,
): Promise<Found> {
  const target = parseTarget(body.model ?? "", deps.agents);
  if (target.kind === "model") {
    const [candidate] = await deps.router.route({ picked: target.ref }, signal);
    // A router throws where nothing is left; an empty route would be its bug.
    if (!candidate) throw new Error(`an empty route for "${target.ref}"`);
    return { kind: "model", source: modelSource(candidate, body) };
  }
  const history = toAgentHistory(body);
  const { person } = caller;
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
function measured({ kind, source }: Found, { metrics }: ChatDeps): Source {
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
