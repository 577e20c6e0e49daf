/** Where an answer comes from: an agent's turn, a stored session's turn, or the routed model itself. */

import type { Agent } from "../../agent/agent.ts";
import { Fault } from "../../base/fault.ts";
import type { Inbox } from "../../channels/channel.ts";
import type { Candidate } from "../../models/candidate.ts";
import type { TurnEvent } from "../../protocol/event.ts";
import { toFailure, type Failure } from "../answer.ts";
import { lastOfUser, type History } from "./conversation.ts";
import { toModelRequest } from "./model-request.ts";
import { createRestorer, restoreArguments } from "./restorer.ts";
import type { Sink } from "./sink.ts";
import type { ChatCompletion } from "./wire.ts";

/** Writes one answer into the sink. Returns what failed; rejects for what was thrown, and on abort. */
export type Source = (sink: Sink, signal: AbortSignal) => Promise<Failure | undefined>;

export function modelSource(candidate: Candidate, chat: ChatCompletion, person: string): Source {
  const request = toModelRequest(chat, candidate, person);
  const mostCalls = chat.parallel_tool_calls === false ? 1 : Infinity;
  return async (sink, signal) => {
    let calls = 0;
    const text = createRestorer((text) => sink.text(text));
    const reasoning = createRestorer((text) => sink.reasoning(text));
    for await (const event of candidate.provider.chat(request, signal)) {
      if (event.type === "text") text.push(event.text);
      else if (event.type === "reasoning") reasoning.push(event.text);
      else if (event.type === "tool-call" || event.type === "done") {
        reasoning.flush();
        text.flush();
        if (event.type === "done") sink.done(toFinish(event.reason), event.usage);
        else if (++calls <= mostCalls) {
          // Few servers keep to one call; the next ones come with the result of this one.
          const argumentsJson = restoreArguments(event.call.argumentsJson);
          sink.call({ ...event.call, argumentsJson });
        }
      }
      const room = sink.room();
      if (room) await room;
    }
    return undefined;
  };
}

export function agentSource(
  agent: Pick<Agent, "runEphemeral">,
  turn: { person: string; history: History; agent: string; model: string | undefined },
): Source {
  const { model, ...rest } = turn;
  const asked = model === undefined ? rest : { ...rest, model };
  return async (sink, signal) => {
    const take = createTurnReader(sink);
    let end: ReturnType<typeof take>;
    await agent.runEphemeral(asked, (event) => void (end ??= take(event)), signal);
    if (end) return end.failure;
    signal.throwIfAborted();
    return cut();
  };
}

/** A turn of a stored session: it knows its history, so the last message alone is handed in. */
export function sessionSource(
  inbox: Pick<Inbox, "submit" | "stop" | "watch">,
  live: Agent["live"],
  turn: { person: string; session: string; history: History },
): Source {
  const { person, session, history } = turn;
  return (sink, signal) =>
    new Promise((resolve, reject) => {
      const take = createTurnReader(sink);
      /** What happens before the turn's name is known waits here. */
      let early: { turn: string; event: TurnEvent }[] | undefined = [];
      let mine = "";
      const finish = (act: () => void) => {
        unwatch();
        signal.removeEventListener("abort", hangUp);
        act();
      };
      const hear = (heard: { turn: string; event: TurnEvent }) => {
        if (heard.turn !== mine) return;
        const end = take(heard.event);
        if (end) finish(() => resolve(end.failure));
      };
      const unwatch = inbox.watch(person, (event) => {
        if (event.type !== "turn" || event.session !== session) return;
        if (early) early.push(event);
        else hear(event);
      });
      // The turn that this caller waits for ends with it, as on every server of this API; but never
      // somebody else's turn that runs in the same session while ours is queued.
      const hangUp = () => {
        if (mine !== "" && live(session)?.turn === mine) {
          inbox.stop(person, session).catch(() => {
            // The session was deleted meanwhile, and its turn with it.
          });
        }
        finish(() => reject(signal.reason));
      };
      signal.addEventListener("abort", hangUp, { once: true });
      const message = { person, session, ...lastOfUser(history), channel: "openai" };
      inbox.submit({ ...message, attended: false }).then(
        (accepted) => {
          mine = accepted.turn;
          const waiting = early ?? [];
          early = undefined;
          waiting.forEach(hear);
        },
        (error) => finish(() => reject(error)),
      );
    });
}

/** Feeds a sink with a turn's events; the agent's own tool steps are not the client's to see. */
function createTurnReader(
  sink: Sink,
): (event: TurnEvent) => { failure: Failure | undefined } | undefined {
  let inputTokens = 0;
  let outputTokens = 0;
  let cachedTokens: number | undefined;
  let gap = false;
  let spoke = false;
  return (event) => {
    switch (event.type) {
      case "text":
        // What was said before a tool call and after it are two paragraphs.
        sink.text(gap && spoke ? `\n\n${event.text}` : event.text);
        [gap, spoke] = [false, true];
        return undefined;
      case "reasoning":
        sink.reasoning(event.text);
        return undefined;
      case "tool-call":
        gap = true;
        return undefined;
      case "usage":
        inputTokens += event.inputTokens;
        outputTokens += event.outputTokens;
        if (event.cachedTokens !== undefined) {
          cachedTokens = (cachedTokens ?? 0) + event.cachedTokens;
        }
        return undefined;
      case "done":
        sink.done(event.reason, {
          inputTokens,
          outputTokens,
          ...(cachedTokens === undefined ? {} : { cachedTokens }),
        });
        return { failure: undefined };
      case "failed":
        return { failure: toFailure(event) };
      default:
        return undefined;
    }
  };
}

const toFinish = (reason: "stop" | "length" | "tool-calls") =>
  reason === "tool-calls" ? "tool_calls" : reason;

/** A turn without an end is a bug of the agent; the client must not take what came for the whole. */
function cut(): Failure {
  return new Fault("MODEL_STREAM_CUT", { provider: "isopod" });
}
