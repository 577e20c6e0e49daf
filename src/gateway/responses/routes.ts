import { randomUUID } from "node:crypto";

import type { Clock } from "../../base/clock.ts";
import type { Log } from "../../base/log.ts";
import { defineRoute, type Route, type RouteRequest } from "../../protocol/route.ts";
import type { Responses } from "../../store/store.ts";
import { faultAnswer, json } from "../answer.ts";
import { invalid } from "../openai/conversation.ts";
import { findSource, type SourceDeps } from "../openai/find-source.ts";
import type { ChatUsage, FinishReason } from "../openai/sink.ts";
import type { Source } from "../openai/sources.ts";
import { streamChat, type StreamOutlet } from "../openai/stream.ts";
import { MAIN_AGENT } from "../openai/target.ts";
import { CHAT_BODY_BYTES } from "../openai/wire.ts";
import { type Answer, createAnswer } from "./answer.ts";
import { createEventWriter } from "./event-writer.ts";
import { createKeptResponses, type KeptResponses, toResponseId } from "./kept.ts";
import { type About, isCut, toResponse } from "./response.ts";
import { toChat } from "./to-chat.ts";
import { type Item, ResponseCreate } from "./wire.ts";

export type ResponseDeps = SourceDeps & { responses: Responses; clock: Clock; log: Log };

export function responseRoutes(deps: ResponseDeps): Route[] {
  const kept = createKeptResponses(deps.responses, deps.clock);
  return [
    defineRoute({
      method: "POST",
      path: "/v1/responses",
      scope: "chat",
      body: ResponseCreate,
      maxBodyBytes: CHAT_BODY_BYTES,
      handle: (request) => create(deps, kept, request),
    }),
    defineRoute({
      method: "GET",
      path: "/v1/responses/:id",
      scope: "chat",
      handle: ({ caller, params }) => kept.get(caller.person, params["id"] ?? ""),
    }),
    defineRoute({
      method: "DELETE",
      path: "/v1/responses/:id",
      scope: "chat",
      handle: async ({ caller, params }) => {
        const id = params["id"] ?? "";
        await kept.delete(caller.person, id);
        return { id, object: "response", deleted: true };
      },
    }),
  ];
}

async function create(
  deps: ResponseDeps,
  kept: KeptResponses,
  { caller, headers, body: asked, signal }: RouteRequest<ResponseCreate>,
): Promise<Response> {
  const { clock, log, metrics } = deps;
  const body = headers.has("x-isopod-session") ? inSession(asked) : asked;
  const startedMs = clock.elapsedMs();
  const owner = caller.person;
  const previous = body.previous_response_id ?? undefined;
  const before = previous === undefined ? [] : await kept.conversation(owner, previous);
  const items = await kept.resolve(owner, body.input);
  const chat = toChat(body, [...before, ...items]);
  const name = randomUUID().replaceAll("-", "");
  const about = {
    id: toResponseId(name),
    created: Math.floor(clock.now() / 1000),
    model: body.model || MAIN_AGENT,
    request: body,
  };
  const found = await findSource(deps, { caller, headers, chat }, signal);
  const source = keeping(found, { kept, owner, name, about, items });
  if (body.stream) {
    const began = () => metrics.firstToken(clock.elapsedMs() - startedMs);
    const open = (to: StreamOutlet) => createEventWriter({ ...about, name }, to);
    return streamChat({ source, open, began, clock, log }, signal);
  }
  const answer = createAnswer(name, () => {});
  let response = {};
  const done = (reason: FinishReason, usage: ChatUsage) => {
    response = finished(answer, about, { reason, usage });
  };
  const sink = { ...into(answer), done, room: () => undefined };
  const failure = await source(sink, signal);
  return failure ? faultAnswer(failure, "openai") : json(response);
}

/** The session keeps what is said in it; beside it, it would outlive the session that a person deletes. */
function inSession(body: ResponseCreate): ResponseCreate {
  if (body.previous_response_id == null) return { ...body, store: false };
  throw invalid("previous_response_id", "must be absent: a session knows what was said in it");
}

type Keeping = {
  kept: KeptResponses;
  owner: string;
  name: string;
  about: About;
  /** Of this request alone. */
  items: readonly Item[];
};

/**
 * The same source, whose answer is on disk before its client is told that it is done, and may go on from it.
 * What failed or was stopped is not kept.
 */
function keeping(source: Source, { kept, owner, name, about, items }: Keeping): Source {
  const { id, request } = about;
  if (request.store === false) return source;
  return async (sink, signal) => {
    const answer = createAnswer(name, () => {});
    let end: { reason: FinishReason; usage: ChatUsage } | undefined;
    const own = into(answer);
    const failure = await source(
      {
        ...sink,
        text: (text) => (own.text(text), sink.text(text)),
        reasoning: (text) => (own.reasoning(text), sink.reasoning(text)),
        call: (call) => (own.call(call), sink.call(call)),
        done: (reason, usage) => {
          end = { reason, usage };
        },
      },
      signal,
    );
    if (failure || !end) return failure;
    const previous = request.previous_response_id ?? undefined;
    const response = finished(answer, about, end);
    await kept.keep({ id, owner, previous, items, response });
    sink.done(end.reason, end.usage);
    return undefined;
  };
}

const into = ({ text, reasoning, call }: Answer) => ({ text, reasoning, call });

function finished(
  answer: Answer,
  about: About,
  end: { reason: FinishReason; usage: ChatUsage },
): object {
  answer.close(isCut(end));
  return toResponse(about, answer.items(), end);
}
