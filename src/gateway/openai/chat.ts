import { randomUUID } from "node:crypto";

import type { Clock } from "../../base/clock.ts";
import type { Log } from "../../base/log.ts";
import { defineRoute, type Route } from "../../protocol/route.ts";
import { faultAnswer, json } from "../answer.ts";
import { createChunkWriter } from "./chunks.ts";
import { createCollector } from "./collector.ts";
import { findSource, type SourceDeps } from "./find-source.ts";
import { streamChat, type StreamOutlet } from "./stream.ts";
import { MAIN_AGENT } from "./target.ts";
import { CHAT_BODY_BYTES, ChatCompletion } from "./wire.ts";

export type ChatDeps = SourceDeps & { clock: Clock; log: Log };

export function chatRoute(deps: ChatDeps): Route {
  const { clock, log, metrics } = deps;
  return defineRoute({
    method: "POST",
    path: "/v1/chat/completions",
    scope: "chat",
    body: ChatCompletion,
    maxBodyBytes: CHAT_BODY_BYTES,
    handle: async ({ caller, headers, body, signal }) => {
      const startedMs = clock.elapsedMs();
      const source = await findSource(deps, { caller, headers, chat: body }, signal);
      const about = {
        id: `chatcmpl-${randomUUID()}`,
        model: body.model || MAIN_AGENT,
        created: Math.floor(clock.now() / 1000),
      };
      if (body.stream) {
        const began = () => metrics.firstToken(clock.elapsedMs() - startedMs);
        const includeUsage = body.stream_options?.include_usage ?? false;
        const open = (to: StreamOutlet) => createChunkWriter({ ...to, ...about, includeUsage });
        return streamChat({ source, open, began, clock, log }, signal);
      }
      const collector = createCollector();
      const failure = await source(collector, signal);
      return failure ? faultAnswer(failure, "openai") : json(collector.completion(about));
    },
  });
}
